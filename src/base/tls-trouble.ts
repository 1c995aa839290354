// What went wrong with TLS, in words for people. The codes are those of the runtime, which are Node's and OpenSSL's; one
// that is not here is told as it is.

const WORDS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet; are both clocks right?',
  CERT_REVOKED: 'its certificate was revoked',
  CERT_SIGNATURE_FAILURE: 'its certificate is not signed by an authority that is trusted here',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not signed by an authority that is trusted here',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not signed by an authority that is trusted here',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate is not signed by an authority that is trusted here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is not signed by an authority that is trusted here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not signed by an authority that is trusted here',
  INVALID_PURPOSE: 'its certificate is for another purpose',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
};

/** The alerts and faults of TLS itself, by a part of the name that OpenSSL gives them. */
const FAULTS: readonly (readonly [part: string, words: string])[] = [
  ['WRONG_VERSION_NUMBER', 'it does not speak TLS there'],
  ['HTTP_REQUEST', 'it does not speak TLS there'],
  ['CERTIFICATE_REQUIRED', 'it asks for a certificate'],
  ['PEER_DID_NOT_RETURN_A_CERTIFICATE', 'it has shown no certificate'],
  ['ALERT_UNKNOWN_CA', 'it does not trust the authority of our certificate'],
  ['ALERT_CERTIFICATE_EXPIRED', 'it says that our certificate has expired'],
  ['ALERT_BAD_CERTIFICATE', 'it does not take our certificate'],
  ['ALERT_CERTIFICATE_UNKNOWN', 'it does not take our certificate'],
  ['ALERT_PROTOCOL_VERSION', 'it speaks no version of TLS that we speak'],
  ['UNSUPPORTED_PROTOCOL', 'it speaks no version of TLS that we speak'],
];

/** Why a handshake, or what was said behind it, failed: a phrase whose subject is the peer. */
export function tlsTrouble(error: { readonly code?: unknown; readonly message?: unknown } | null | undefined): string {
  const [code, message] = [String(error?.code ?? ''), String(error?.message ?? '')];
  const words = WORDS[code];
  if (words !== undefined) return words;
  if (code === 'ECONNRESET') return 'it closed the connection during the TLS handshake';
  const fault = FAULTS.find(([part]) => message.includes(part));
  if (fault !== undefined) return fault[1];
  return `the TLS handshake failed${code === '' ? '' : ` (${code})`}`;
}

/** Whether an error is one of TLS, and not of the connection below it. */
export function isTlsTrouble(code: string): boolean {
  return code in WORDS || code === 'EPROTO' || code.startsWith('ERR_TLS') || code.startsWith('ERR_SSL');
}
