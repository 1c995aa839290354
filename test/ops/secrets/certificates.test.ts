// Certificates as settings: what is wrong with the files, what is missing beside them, and what is warned of. Every one
// is made here.

import { afterAll, describe, expect, test } from 'bun:test';
import { chmodSync } from 'node:fs';
import { type ReadSettings, readSettings } from '../../../src/ops/options/settings.ts';
import { Authority, fingerprintOf } from '../../support/certificates.ts';
import { TlsFiles } from '../../support/tls-files.ts';

const DAY_MS = 86_400_000;
const files = new TlsFiles();
afterAll(() => files[Symbol.dispose]());

async function problemsOf(...flags: readonly string[]): Promise<readonly string[]> {
  const read = await readSettings(flags, {});
  return 'problems' in read ? read.problems : [];
}

async function warningsOf(...flags: readonly string[]): Promise<readonly string[]> {
  const read: ReadSettings = await readSettings(flags, {});
  if (!('options' in read)) throw new Error(JSON.stringify(read));
  return read.warnings;
}

describe('what is wrong is told with the option and the file:', () => {
  const CASES: readonly (readonly [name: string, flags: () => string[], message: RegExp])[] = [
    ['no certificate', () => ['--clients', 'tls://127.0.0.1:0'], /^--clients tls:\/\/… needs --tls-cert$/],
    [
      'one that cannot be read',
      () => ['--tls-cert', `${files.folder}/none.crt`],
      /^--tls-cert \S+none\.crt: cannot be read \(ENOENT\)$/m,
    ],
    [
      'no certificate in it',
      () => ['--tls-cert', files.write('empty.crt', 'nothing')],
      /^--tls-cert \S+empty\.crt: expected a certificate in PEM, found none$/m,
    ],
    [
      'a key of another',
      () => ['--tls-cert', files.issue('a', 'a').cert, '--tls-key', files.issue('b', 'b').key],
      /^--tls-key \S+b\.key: is not the key of the certificate in --tls-cert \S+a\.crt$/,
    ],
    [
      'one that is over',
      () => files.server('old', { from: Date.now() - 9 * DAY_MS, until: Date.now() - DAY_MS }),
      /^--tls-cert \S+server\.crt: expired on \d{4}-\d\d-\d\d$/,
    ],
    [
      'one that is not valid yet',
      () => files.server('new', { from: Date.now() + DAY_MS }),
      /^--tls-cert \S+server\.crt: is not valid before /,
    ],
    ['TLS on links without an authority', () => files.link('a', 'on').slice(0, -2), /needs --link-ca$/],
    [
      'certificates for plain links',
      () => files.link('a', 'on').slice(2),
      /^--link-cert, --link-key, --link-ca are given, and links are plain without --link-tls on or mutual$/,
    ],
    [
      'a key and no certificate',
      () => ['--tls-key', files.issue('a', 'a').key],
      /^--tls-key is given, and a key needs its --tls-cert$/,
    ],
    [
      'no key in it',
      () => ['--tls-cert', files.issue('a', 'a').cert],
      /^--tls-cert \S+a\.crt: expected a private key in PEM, found none$/,
    ],
    [
      'an encrypted key',
      () => [
        '--tls-cert',
        files.issue('a', 'a').cert,
        '--tls-key',
        files.write('x', '-----BEGIN ENCRYPTED PRIVATE KEY-----'),
      ],
      /^--tls-key \S+x: the key is encrypted/,
    ],
    [
      'a broken certificate in the chain',
      () => {
        const { cert, key } = files.authority.issue('a');
        const broken = cert.replace(/^M.*$/m, 'AAAA');
        return ['--tls-cert', files.write('chain.crt', cert + broken), '--tls-key', files.write('chain.key', key)];
      },
      /^--tls-cert \S+chain\.crt: certificate 2 in it cannot be read$/,
    ],
    ['a folder', () => ['--tls-cert', files.folder], /^--tls-cert \S+: expected a file$/],
    [
      'an authority that is over',
      () => [...files.link('a', 'on').slice(0, -1), files.issue('o', 'o', { until: Date.now() - 1 }).cert],
      /^--link-ca \S+o\.crt: expired on/,
    ],
  ];
  for (const [name, flags, message] of CASES) {
    test(name, async () => {
      const [first = '', ...more] = await problemsOf(...flags());
      expect(first).toMatch(message);
      expect(more).toEqual([]);
      expect(first).not.toContain('-----');
    });
  }
});

test('a file may hold the chain and its key', async () => {
  const { cert, key } = files.authority.issue('both');
  const path = files.write('both.pem', key + cert + files.authority.cert);
  const read = await readSettings(['--clients', 'tls://127.0.0.1:0', '--tls-cert', path], {});
  if (!('options' in read)) throw new Error(JSON.stringify(read));
  expect(read.tls.clients?.cert.split('BEGIN CERTIFICATE')).toHaveLength(3);
  expect(read.tls.clients?.cert).not.toContain('PRIVATE');
});

test('of several authorities those that are over are left out, with a warning', async () => {
  const over = files.authority.issue('over', { until: Date.now() - DAY_MS });
  const path = files.write('several.crt', over.cert + files.authority.cert);
  const read = await readSettings([...files.link('a', 'on').slice(0, -1), path], {});
  if (!('options' in read)) throw new Error(JSON.stringify(read));
  expect(read.tls.links?.ca.trim()).toBe(files.authority.cert.trim());
  expect(read.warnings).toEqual([
    expect.stringMatching(/^--link-ca \S+several\.crt: 1 of the 2 certificates in it are over or not valid yet/),
  ]);
});

test('what soon will be over, or can be read by others, is warned of', async () => {
  const flags = files.server('soon', { until: Date.now() + 3.5 * DAY_MS });
  chmodSync(`${files.folder}/server.key`, 0o644);
  expect(await warningsOf(...flags)).toEqual([
    expect.stringMatching(/^--tls-cert \S+server\.crt expires in 3 days, on \S+: renew it, and send SIGHUP$/),
    expect.stringMatching(/^\S+server\.key can be read by everybody: chmod 600 it$/),
  ]);
  chmodSync(`${files.folder}/server.key`, 0o600);
});

describe('a public address without TLS is warned of,', () => {
  const secret = files.write('secret', '0123456789abcdef0123');

  test('once for each kind of listener', async () => {
    const open = ['--clients', '0.0.0.0:1', '--clients', '[::]:2', '--links', '10.0.0.7:3', '--http', '10.0.0.7:4'];
    expect(await warningsOf(...open, '--secret-file', secret)).toEqual([
      expect.stringContaining('--clients 0.0.0.0:1, [::]:2 is public and not encrypted'),
      expect.stringContaining('--links 10.0.0.7:3 is public and not encrypted'),
      expect.stringContaining('--http 10.0.0.7:4 is public and not encrypted'),
    ]);
  });

  test('and neither one with TLS nor loopback', async () => {
    const { cert, key } = files.issue('public', 'x');
    const tls = ['--clients', 'tls://0.0.0.0:1', '--tls-cert', cert, '--tls-key', key];
    const links = ['--links', '10.0.0.7:3', '--secret-file', secret, ...files.link('a', 'mutual')];
    expect(await warningsOf(...tls, ...links, '--clients', '127.0.0.1:5')).toEqual([]);
    // Alone, a server listens for nobody.
    expect(await warningsOf('--links', '10.0.0.7:3')).toEqual([]);
  });
});

test('pins are what openssl prints as fingerprint', async () => {
  const pin = fingerprintOf({ cert: new Authority('x').cert });
  const read = await readSettings([...files.link('a', 'on'), '--link-pins', pin], {});
  if (!('options' in read)) throw new Error(JSON.stringify(read));
  expect(read.options.linkPins).toEqual([pin.replaceAll(':', '').toLowerCase()]);
});
