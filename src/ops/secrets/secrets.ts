// The network's secret: read from a file or the environment, and the macs that are made with it. The secret is a line
// as it stands there, in UTF-8, without its line end; nothing is trimmed. Two lines while it is being changed: the
// first makes macs, both are accepted. Every mistake is told without showing a secret.

import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Secrets } from '../../mesh/secrets.ts';
import { readPrivateFile } from './small-file.ts';

export type ReadSecrets =
  | { readonly secrets: readonly string[]; readonly warnings: readonly string[] }
  | { readonly problems: readonly string[] };

const MOST_FILE_BYTES = 4096;
const MOST_SECRETS = 2;
/** Fewer characters than these can be guessed from one recorded mac. */
const ENOUGH_CHARACTERS = 16;
const HEX_MAC = /^[0-9a-f]{64}$/;
const NO_MAC = '0'.repeat(64);

/** HMAC-SHA-256 with one or two secrets. */
export class HmacSecrets implements Secrets {
  #secrets: readonly string[] = [];

  constructor(secrets: readonly string[]) {
    this.use(secrets);
  }

  /** Takes others, from now on. */
  use(secrets: readonly string[]): void {
    if (secrets.length < 1 || secrets.some((secret) => secret === '')) throw new Error('a secret is needed');
    this.#secrets = secrets;
  }

  mac(text: Uint8Array): string {
    return digest(this.#secrets[0] as string, text).toString('hex');
  }

  verify(text: Uint8Array, mac: string): boolean {
    const wellFormed = HEX_MAC.test(mac);
    const given = Buffer.from(wellFormed ? mac : NO_MAC, 'hex');
    // All are tried, whichever fits: how long it takes tells nothing.
    let fits = false;
    for (const secret of this.#secrets) if (timingSafeEqual(digest(secret, text), given)) fits = true;
    return fits && wellFormed;
  }
}

function digest(secret: string, text: Uint8Array): Buffer {
  return createHmac('sha256', Buffer.from(secret, 'utf8')).update(text).digest();
}

/** Reads the secrets from the file at `path` where one is given, else from the variable's text; none where there is none. */
export function readSecrets(
  path: string | undefined,
  variable: string | undefined,
  name = 'CHORUS_SECRET',
): ReadSecrets {
  if (path !== undefined) return readSecretFile(path);
  return variable === undefined || variable === '' ? { secrets: [], warnings: [] } : parseSecrets(variable, name);
}

/** Reads the secrets in the file at `path`. */
export function readSecretFile(path: string): ReadSecrets {
  return readPrivateFile(path, MOST_FILE_BYTES, parseSecrets);
}

/** Reads one or two lines; `source` is what messages call where they come from. */
export function parseSecrets(content: Uint8Array | string, source: string): ReadSecrets {
  let text: string;
  try {
    text =
      typeof content === 'string'
        ? content
        : new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    return { problems: [`${source}: expected UTF-8`] };
  }
  // Invisible, and part of the secret on one server and not on the next.
  if (text.startsWith('\uFEFF')) return { problems: [`${source}: begins with a byte order mark; save it without one`] };
  const secrets = text.split(/\r?\n/).filter((line) => line !== '');
  const problem = problemOf(secrets);
  if (problem !== undefined) return { problems: [`${source}: ${problem}`] };
  return { secrets, warnings: secrets.flatMap((secret, i) => warningsOf(secret, i, source)) };
}

function problemOf(secrets: readonly string[]): string | undefined {
  if (secrets.length === 0) return 'holds no secret: expected one line, or two while it is being changed';
  if (secrets.length > MOST_SECRETS)
    return `expected one line, or two while it is being changed, found ${secrets.length}`;
  if (secrets.some((secret) => secret.trim() === '')) return 'a secret is nothing but white space';
  return new Set(secrets).size < secrets.length ? 'both secrets are the same' : undefined;
}

function warningsOf(secret: string, index: number, source: string): string[] {
  const which = `secret ${index + 1} in ${source}`;
  const warnings: string[] = [];
  if ([...secret].length < ENOUGH_CHARACTERS) {
    warnings.push(`${which} has fewer than ${ENOUGH_CHARACTERS} characters: make one with \`openssl rand -hex 32\``);
  }
  if (secret !== secret.trim()) warnings.push(`${which} has white space at an end, which is part of it`);
  return warnings;
}
