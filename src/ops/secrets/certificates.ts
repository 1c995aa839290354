// Certificates as files: a chain with the key of its first one, and the authorities that are believed. All that can be
// known before anybody connects is found out here, and told with the option and the file: what cannot be read, what is no
// certificate, a key of another one, one that is over or not valid yet. What soon will be over is warned of. Messages show
// nothing of a key.

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { type KeyPair, unusable } from '../../net/tls.ts';
import { visible } from '../log/visible.ts';
import { modeWarnings, readSmallFile } from './small-file.ts';

const MOST_FILE_BYTES = 1024 * 1024;
const DAY_MS = 86_400_000;
/** Programs renew certificates of ninety days a month before their end: by now they should have. */
const SOON_MS = 14 * DAY_MS;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Collects what is wrong. */
export interface Complaints {
  readonly problems: string[];
  readonly warnings: string[];
}

/** The chain in one file and the key in another, or in the same; undefined, and a complaint, where one is not good. */
export function readKeyPair(
  [certFlag, certPath]: readonly [flag: string, path: string],
  [keyFlag, keyPath]: readonly [flag: string, path: string],
  now: number,
  complaints: Complaints,
): KeyPair | undefined {
  const chain = readChain(certFlag, certPath, now, complaints);
  if (chain === undefined && keyPath === certPath) return undefined;
  const key = readKey(keyFlag, keyPath, complaints);
  const [leaf] = chain ?? [];
  if (chain === undefined || leaf === undefined || key === undefined) return undefined;
  if (!leaf.checkPrivateKey(key.object)) {
    complaints.problems.push(
      `${keyFlag} ${key.name}: is not the key of the certificate in ${certFlag} ${visible(certPath)}`,
    );
    return undefined;
  }
  const pair = { cert: chain.map((each) => each.toString()).join(''), key: key.pem };
  const problem = unusable(pair);
  if (problem === undefined) return pair;
  complaints.problems.push(`${certFlag} ${visible(certPath)}: TLS cannot use it (${visible(problem)})`);
  return undefined;
}

/**
 * The authorities in a file, in PEM; undefined, and a complaint, where it is not good. Of several, as a system has them in
 * one file, those that are over, or not valid yet, are believed by nobody and left out.
 */
export function readAuthorities(flag: string, path: string, now: number, complaints: Complaints): string | undefined {
  const file = readCertificates(flag, path, complaints);
  if (file === undefined) return undefined;
  const { label, certificates } = file;
  const good = certificates.filter((each) => dateProblem(each, now) === undefined);
  if (good.length === 0) {
    complaints.problems.push(`${label}: ${dateProblem(certificates[0] as X509Certificate, now)}`);
    return undefined;
  }
  if (good.length < certificates.length) {
    const left = `${certificates.length - good.length} of the ${certificates.length} certificates in it`;
    complaints.warnings.push(`${label}: ${left} are over or not valid yet, and left out`);
  }
  warnOfEnd(label, good, now, complaints);
  return good.map((each) => each.toString()).join('');
}

/** What people may know of a certificate: when it ends, and the beginning of its fingerprint. */
export function describeCertificate(pem: string): string {
  const { validToDate, fingerprint256 } = new X509Certificate(pem);
  return `${fingerprint256.slice(0, 11)}… until ${day(validToDate)}`;
}

function readChain(flag: string, path: string, now: number, complaints: Complaints): X509Certificate[] | undefined {
  const file = readCertificates(flag, path, complaints);
  if (file === undefined) return undefined;
  const { label, certificates } = file;
  const [problem] = certificates.flatMap((each) => dateProblem(each, now) ?? []);
  if (problem !== undefined) {
    complaints.problems.push(`${label}: ${problem}`);
    return undefined;
  }
  warnOfEnd(label, certificates, now, complaints);
  return certificates;
}

interface CertificateFile {
  /** What messages call it. */
  readonly label: string;
  /** One at least. */
  readonly certificates: X509Certificate[];
}

/** All certificates in a file, whenever they are valid. */
function readCertificates(flag: string, path: string, complaints: Complaints): CertificateFile | undefined {
  const file = open(flag, path, complaints);
  if (file === undefined) return undefined;
  const label = `${flag} ${file.name}`;
  const parsed = file.text.match(CERTIFICATE)?.map(parse) ?? [];
  const broken = parsed.indexOf(undefined);
  if (parsed.length > 0 && broken < 0) return { label, certificates: parsed as X509Certificate[] };
  const problem =
    broken < 0 ? 'expected a certificate in PEM, found none' : `certificate ${broken + 1} in it cannot be read`;
  complaints.problems.push(`${label}: ${problem}`);
  return undefined;
}

/** Why a certificate is not valid at `now`; undefined when it is. */
function dateProblem({ validFromDate, validToDate }: X509Certificate, now: number): string | undefined {
  if (validToDate.getTime() <= now) return `expired on ${day(validToDate)}`;
  return validFromDate.getTime() > now ? `is not valid before ${validFromDate.toISOString()}` : undefined;
}

function warnOfEnd(label: string, good: readonly X509Certificate[], now: number, { warnings }: Complaints): void {
  const first = Math.min(...good.map(({ validToDate }) => validToDate.getTime()));
  if (first - now >= SOON_MS) return;
  const days = Math.floor((first - now) / DAY_MS);
  const left = days < 1 ? 'in less than a day' : `in ${days} ${days === 1 ? 'day' : 'days'}`;
  warnings.push(`${label} expires ${left}, on ${day(new Date(first))}: renew it, and send SIGHUP`);
}

interface Key {
  readonly name: string;
  readonly pem: string;
  readonly object: KeyObject;
}

function readKey(flag: string, path: string, complaints: Complaints): Key | undefined {
  const file = open(flag, path, complaints);
  if (file === undefined) return undefined;
  complaints.warnings.push(...modeWarnings(file.mode, file.name));
  const pem = file.text;
  const label = `${flag} ${file.name}`;
  if (/-----BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED/m.test(pem)) {
    complaints.problems.push(`${label}: the key is encrypted; give it without a password, and chmod 600 it`);
    return undefined;
  }
  try {
    return { name: file.name, pem, object: createPrivateKey(pem) };
  } catch {
    complaints.problems.push(`${label}: expected a private key in PEM, found none`);
    return undefined;
  }
}

interface OpenFile {
  /** What messages call it. */
  readonly name: string;
  readonly text: string;
  readonly mode: number;
}

function open(flag: string, path: string, { problems }: Complaints): OpenFile | undefined {
  const name = visible(path);
  const file = readSmallFile(path, MOST_FILE_BYTES);
  if (!('problem' in file)) return { name, text: file.content.toString('utf8'), mode: file.mode };
  problems.push(`${flag} ${name}: ${file.problem}`);
  return undefined;
}

function parse(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
