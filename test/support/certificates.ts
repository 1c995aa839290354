// Certificates for tests: authorities and what they issue, made on the spot with keys of their own, valid or not, so
// that no tool has to be on the machine and nothing in the repository expires. X.509 v3 in DER, ECDSA on P-256; only
// what a verifier looks at is in them.

import { generateKeyPairSync, type KeyObject, sign, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

/** A certificate, or a chain of them, and its key, in PEM. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate says; it is valid for a day around now unless told otherwise. */
export interface Says {
  /** Host names and addresses that it is for. */
  readonly names?: readonly string[];
  readonly from?: number;
  readonly until?: number;
}

const DAY_MS = 86_400_000;
const ECDSA_SHA256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
const COMMON_NAME = oid(0x55, 0x04, 0x03);
const BASIC_CONSTRAINTS = oid(0x55, 0x1d, 0x13);
const ALTERNATIVE_NAMES = oid(0x55, 0x1d, 0x11);
const KEY_USES = oid(0x55, 0x1d, 0x25);
const SERVER_AND_CLIENT = sequence(
  oid(0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01),
  oid(0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02),
);

let serial = 256;

export class Authority {
  /** Its own certificate, in PEM. */
  readonly cert: string;
  readonly #name: string;
  readonly #key: KeyObject;

  constructor(name: string) {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#name = name;
    this.#key = privateKey;
    const isAuthority = extension(BASIC_CONSTRAINTS, sequence(der(0x01, [0xff])), true);
    this.cert = this.#certificate(name, publicKey, [isAuthority], {});
  }

  /** A certificate for `subject` with a new key; for localhost and loopback unless `names` says otherwise. */
  issue(subject: string, says: Says = {}): Issued {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { names = ['localhost', '127.0.0.1'] } = says;
    const extensions = [
      extension(ALTERNATIVE_NAMES, sequence(...names.map(alternative))),
      extension(KEY_USES, SERVER_AND_CLIENT),
    ];
    return {
      cert: this.#certificate(subject, publicKey, extensions, says),
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    };
  }

  #certificate(subject: string, key: KeyObject, extensions: readonly Buffer[], { from, until }: Says): string {
    const now = Date.now();
    const validity = sequence(time(from ?? now - DAY_MS), time(until ?? now + DAY_MS * 60));
    const said = sequence(
      der(0xa0, der(0x02, [2])),
      der(0x02, [(serial >> 8) & 127, serial++ & 255]),
      ECDSA_SHA256,
      name(this.#name),
      validity,
      name(subject),
      key.export({ type: 'spki', format: 'der' }),
      der(0xa3, sequence(...extensions)),
    );
    const signature = sign('sha256', said, this.#key);
    const whole = sequence(said, ECDSA_SHA256, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
    return `-----BEGIN CERTIFICATE-----\n${whole.toString('base64').replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`;
  }
}

/** The SHA-256 fingerprint of a certificate, as openssl prints it. */
export function fingerprintOf({ cert }: Pick<Issued, 'cert'>): string {
  return new X509Certificate(cert).fingerprint256;
}

function der(tag: number, content: Uint8Array | readonly number[]): Buffer {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), Uint8Array.from(content)]);
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function oid(...bytes: readonly number[]): Buffer {
  return der(0x06, bytes);
}

function name(common: string): Buffer {
  return sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from(common)))));
}

function time(ms: number): Buffer {
  const [date, clock] = new Date(ms).toISOString().split('T') as [string, string];
  return der(0x17, Buffer.from(`${date.slice(2).replaceAll('-', '')}${clock.slice(0, 8).replaceAll(':', '')}Z`));
}

function extension(which: Buffer, value: Buffer, critical = false): Buffer {
  return sequence(which, ...(critical ? [der(0x01, [0xff])] : []), der(0x04, value));
}

function alternative(host: string): Buffer {
  return isIP(host) === 4 ? der(0x87, host.split('.').map(Number)) : der(0x82, Buffer.from(host));
}
