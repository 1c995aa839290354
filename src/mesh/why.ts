// Why a link, or an attempt at one, ended: one word each, what the peer is told of it, when the same server is dialled
// again, and what an operator can do about it. The one table of all ends; what it does not name does not happen.

/**
 * When a server is dialled again. `soon`: with back-off. `minute`: after one to one and a quarter, as somebody has to
 * change something first. `forget`: when it is heard of.
 */
export type Redial = 'soon' | 'minute' | 'later' | 'forget' | 'never';

interface Row {
  /** What `<ERROR,…>` says; empty where there is nobody to tell. */
  readonly says: string;
  readonly redial: Redial;
  /** For the log: what has to be changed, where it is for an operator to do. */
  readonly advice?: string;
}

export const WHYS = {
  unreachable: { says: '', redial: 'soon' },
  lost: { says: '', redial: 'soon' },
  silent: { says: 'Nothing was heard for too long', redial: 'soon' },
  timeout: { says: 'The handshake took too long', redial: 'soon' },
  error: { says: '', redial: 'soon' },
  frame: { says: 'Bad frame', redial: 'soon' },
  protocol: { says: 'Not what the protocol has here', redial: 'soon' },
  busy: { says: 'Too many links', redial: 'soon' },
  blocked: { says: 'This link was closed by an operator', redial: 'soon' },
  tls: {
    says: 'The certificate is not the one of this server',
    redial: 'soon',
    advice: 'compare --link-tls, --link-ca and --link-pins of both, and the names and addresses in the certificate',
  },
  network: { says: 'Another network', redial: 'minute', advice: 'give both the same --network, or neither as a peer' },
  version: { says: 'No protocol version in common', redial: 'minute', advice: 'update the older one' },
  mac: { says: 'AUTH failed', redial: 'minute', advice: 'the secrets differ: give both the same --secret-file' },
  registered: { says: 'Already registered', redial: 'minute', advice: 'change --name or --id of one of them' },
  duplicate: { says: 'There is another link between us', redial: 'soon' },
  ghost: { says: 'This server has begun a new life', redial: 'soon' },
  self: { says: 'This is a link to itself', redial: 'never' },
  sclose: { says: 'Link closed', redial: 'later' },
  left: { says: '', redial: 'forget' },
  leaving: { says: 'Server is leaving', redial: 'never' },
} as const satisfies Record<string, Row>;
export type Why = keyof typeof WHYS;

/** Ends that both sides have to know, so that neither tries again at once. */
const SHARED: readonly Why[] = ['network', 'version', 'mac'];

/**
 * What a peer means that says ERROR with these words instead of proving itself. It is believed no further than that
 * dialling it again at once is of no use.
 */
export function endSaid(words: string): Why {
  return SHARED.find((why) => words === WHYS[why].says) ?? 'error';
}

/** What an operator can do about it; '' where that is nothing. */
export function adviceOn(why: Why): string {
  const row: Row = WHYS[why];
  return row.advice ?? '';
}
