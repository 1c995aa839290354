// The settings of TLS: which options have to be given together, and what stands in the files that they name. Links have
// an authority of their own, as whoever it has signed may be a server.

import type { KeyPair } from '../../net/tls.ts';
import { flagOf, type OptionKey, type Options } from '../options/option-table.ts';
import { type Complaints, describeCertificate, readAuthorities, readKeyPair } from './certificates.ts';

/** What links show, and the authorities that they believe, in PEM. */
export interface LinkFiles extends KeyPair {
  readonly ca: string;
}

/** What stands in the files; undefined where none are given. */
export interface TlsSettings {
  readonly clients: KeyPair | undefined;
  readonly links: LinkFiles | undefined;
}

export const NO_TLS: TlsSettings = { clients: undefined, links: undefined };

/** Reads the files at `now` (Unix ms). Where something is wrong with one, what it is for is left out. */
export function readTls(options: Options, now: number, complaints: Complaints): TlsSettings {
  return {
    clients: readPair(options, 'tlsCert', 'tlsKey', now, complaints),
    links: readLinks(options, now, complaints),
  };
}

function readLinks(options: Options, now: number, complaints: Complaints): LinkFiles | undefined {
  const pair = readPair(options, 'linkCert', 'linkKey', now, complaints);
  const { linkCa } = options;
  const ca = linkCa === undefined ? undefined : readAuthorities(flagOf('linkCa'), linkCa, now, complaints);
  return pair === undefined || ca === undefined ? undefined : { ...pair, ca };
}

function readPair(
  options: Options,
  certKey: 'tlsCert' | 'linkCert',
  keyKey: 'tlsKey' | 'linkKey',
  now: number,
  complaints: Complaints,
): KeyPair | undefined {
  const cert = options[certKey];
  if (cert === undefined) return undefined;
  const key = options[keyKey];
  const where = key === undefined ? ([flagOf(certKey), cert] as const) : ([flagOf(keyKey), key] as const);
  return readKeyPair([flagOf(certKey), cert], where, now, complaints);
}

/** What TLS needs and is not given, a line each. */
export function missingForTls(options: Options): string[] {
  const { clients, web, tlsCert, linkTls, linkCert, linkCa } = options;
  const problems: string[] = [];
  if (clients.some(({ tls }) => tls) && tlsCert === undefined) problems.push('--clients tls://… needs --tls-cert');
  if (web !== undefined && web !== 'off' && web.tls && tlsCert === undefined)
    problems.push('--web tls://… needs --tls-cert');
  if (linkTls !== 'off' && linkCert === undefined) problems.push(`--link-tls ${linkTls} needs --link-cert`);
  if (linkTls !== 'off' && linkCa === undefined) problems.push(`--link-tls ${linkTls} needs --link-ca`);
  return problems;
}

/** What is given for TLS where there is none, a line each. */
export function idleForTls(options: Options): string[] {
  const links = ['linkCert', 'linkKey', 'linkCa', 'linkPins'] as const;
  return [
    ...idle(options, ['tlsKey'], options.tlsCert === undefined, 'a key needs its --tls-cert'),
    ...idle(options, links, options.linkTls === 'off', 'links are plain without --link-tls on or mutual'),
  ];
}

/** Somebody who gives a certificate for links believes that they are encrypted. */
function idle(options: Options, keys: readonly OptionKey[], isIdle: boolean, because: string): string[] {
  const given = keys.filter((key) => isIdle && options[key] !== undefined && String(options[key]) !== '').map(flagOf);
  return given.length === 0 ? [] : [`${given.join(', ')} ${given.length > 1 ? 'are' : 'is'} given, and ${because}`];
}

/** What people may know of what is shown. */
export function describeTls(pair: KeyPair | undefined): string {
  return pair === undefined ? 'none' : describeCertificate(pair.cert);
}
