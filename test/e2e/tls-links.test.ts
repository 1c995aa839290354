// TLS between servers: who is linked and who is not, whatever he says; and certificates and authorities that are changed
// under a link. Those who attack speak to the port of links by themselves.

import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { TLSOptions } from 'bun';
import { Authority, fingerprintOf, type Issued } from '../support/certificates.ts';
import { TestNetwork } from '../support/network.ts';
import type { ServerProcess } from '../support/server.ts';
import { TlsFiles } from '../support/tls-files.ts';

setDefaultTimeout(60_000);

const OFF = ['--discovery', 'off'] as const;
const DAY_MS = 86_400_000;
/** Enough of a SERVER that whoever read it would answer. */
const HELLO = `<SERVER,beta,0,7,,127.0.0.1,7401,1700000000000,,,1,chorus,${'ab'.repeat(16)},1700000000000>`;

function portOf(server: ServerProcess): number {
  return Number((server.ready.links as string).split(':').at(-1));
}

/** Knocks at a port and speaks as soon as that is possible; resolves to what came back when the other side ended it. */
async function knock(port: number, tls?: TLSOptions, words = HELLO): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let heard = '';
  const socket = {
    open: (each: { write(text: string): number }) => void (tls === undefined && each.write(words)),
    ...(tls === undefined ? {} : { handshake: (each: { write(text: string): number }) => void each.write(words) }),
    data: (_: unknown, chunk: Uint8Array) => {
      heard += new TextDecoder('latin1').decode(chunk);
    },
    close: () => resolve(),
    error: () => resolve(),
  };
  const options = { hostname: '127.0.0.1', port, socket };
  using _ = await Bun.connect(tls === undefined ? options : { ...options, tls });
  await promise;
  return heard;
}

describe.concurrent('servers with TLS on links', () => {
  for (const how of ['on', 'mutual'] as const) {
    test(`link (${how})`, async () => {
      using files = new TlsFiles();
      await using network = new TestNetwork();
      const alpha = await network.start('alpha', ...OFF, ...files.link('alpha', how));
      const peers = ['--peers', alpha.ready.links as string];
      const beta = await network.start('beta', ...OFF, ...peers, ...files.link('beta', how));
      await alpha.logged('server.synced server=beta');
      await beta.logged('server.synced server=alpha');
    });
  }

  test('renew certificates, and the authority, under the links that there are', async () => {
    using files = new TlsFiles();
    await using network = new TestNetwork();
    const alpha = await network.start('alpha', ...OFF, ...files.link('alpha', 'mutual'));
    const peers = ['--peers', alpha.ready.links as string];
    const beta = await network.start('beta', ...OFF, ...peers, ...files.link('beta', 'mutual'));
    await alpha.logged('server.synced server=beta');
    const next = new Authority('The next authority');
    const reload = async (times: number): Promise<void> => {
      for (const server of [alpha, beta]) server.process.kill('SIGHUP');
      for (const server of [alpha, beta]) await server.logged('options.reloaded', times);
    };
    // First both are believed, then the certificates are of the next one, then the first is not believed any more.
    files.write('ca.crt', files.authority.cert + next.cert);
    await reload(1);
    for (const name of ['alpha', 'beta']) files.link(name, 'mutual', {}, next);
    await reload(2);
    files.write('ca.crt', next.cert);
    await reload(3);
    const gamma = await network.start('gamma', ...OFF, ...peers, ...files.link('gamma', 'mutual'));
    await gamma.logged('dial.failed');
    await gamma.stop();
    const welcome = await network.start('delta', ...OFF, ...peers, ...files.link('delta', 'mutual', {}, next));
    await welcome.logged('server.synced server=alpha');
    await welcome.logged('server.reached server=beta');
    // Whoever ends first takes leave of the other; before that nobody had lost anybody.
    const { log } = await alpha.stop();
    expect(log.slice(0, log.indexOf('server.stopping'))).not.toContain('link.down server=beta');
    expect(log.slice(0, log.indexOf('server.stopping'))).not.toContain('link.up server=gamma');
  });

  test('do not link with one whose certificate is for another name, though it knows the secret', async () => {
    using files = new TlsFiles();
    await using network = new TestNetwork();
    const alpha = await network.start('alpha', ...OFF, ...files.link('alpha', 'mutual'));
    const thief = files.link('beta', 'mutual', { names: ['beta', '127.0.0.1'] });
    await network.start('gamma', ...OFF, '--peers', alpha.ready.links as string, ...thief);
    await alpha.logged('link.refused why=tls count=1 address=127.0.0.1 detail=gamma');
    const { log } = await alpha.stop();
    expect(log).toContain('advice="compare --link-tls, --link-ca and --link-pins of both');
    expect(log).not.toContain('link.up');
  });

  test('do not dial one whose certificate is for another address, of another authority, or not pinned', async () => {
    using files = new TlsFiles();
    await using network = new TestNetwork();
    const other = new Authority('Test authority');
    const elsewhere = await network.start('one', ...OFF, ...files.link('one', 'on', { names: ['one', '10.0.0.7'] }));
    const foreign = await network.start('two', ...OFF, ...files.link('two', 'on', {}, other));
    const good = await network.start('three', ...OFF, ...files.link('three', 'on'));
    const plain = await network.start('four', ...OFF);
    const servers = [elsewhere, foreign, good, plain];
    const peers = servers.flatMap(({ ready }) => ['--peers', ready.links as string]);
    const pins = ['--link-pins', fingerprintOf(files.authority.issue('somebody else'))];
    const dialler = await network.start('five', ...OFF, ...peers, ...files.link('five', 'on'), ...pins);
    await dialler.logged('dial.failed', 4);
    const { log } = await dialler.stop();
    const failed = (server: ServerProcess): string | undefined =>
      log.split('\n').find((line) => line.includes('dial.failed') && line.includes(`address=${server.ready.links} `));
    expect(failed(elsewhere)).toContain('why=tls detail="its certificate is for another host"');
    expect(failed(foreign)).toContain('its certificate is not signed by an authority that is trusted here');
    expect(failed(good)).toContain('its certificate is none of the pinned ones');
    expect(failed(plain)).toContain('it does not speak TLS there');
    for (const server of servers) expect((await server.stop()).log).not.toContain('link.up');
  });
});

describe.concurrent('a port of links with mutual TLS', () => {
  test('says nothing to who has no certificate, or one that is not good; and links go on', async () => {
    using files = new TlsFiles();
    await using network = new TestNetwork();
    const pinned = files.authority.issue('beta', { names: ['beta', '127.0.0.1'] });
    const pins = ['--link-pins', fingerprintOf(pinned)];
    const alpha = await network.start('alpha', ...OFF, ...files.link('alpha', 'mutual'), ...pins);
    const port = portOf(alpha);
    const ca = files.authority.cert;
    const rogue = new Authority('Test authority');
    const over = { from: Date.now() - 9 * DAY_MS, until: Date.now() - DAY_MS };
    const strangers: readonly (readonly [issued: Issued | undefined, detail: string])[] = [
      [undefined, 'it has shown no certificate'],
      [rogue.issue('beta'), 'its certificate is not signed by an authority that is trusted here'],
      [files.authority.issue('beta', over), 'its certificate has expired'],
      [files.authority.issue('beta'), 'its certificate is none of the pinned ones'],
    ];
    for (const [issued] of strangers) expect(await knock(port, { ca, ...issued })).toBe('');
    // Nor is who says nothing kept waiting.
    for (const [issued] of strangers) expect(await knock(port, { ca, ...issued }, '')).toBe('');
    // Plain text is answered by an alert of TLS, and by no frame.
    expect(await knock(port)).not.toContain('<');
    // Whoever is good is heard: so the others would have been.
    expect(await knock(port, { ca, ...pinned }, '<BAD>')).toContain('<ERROR,');
    const { log } = await alpha.stop();
    expect(log).toContain(`link.refused why=tls count=1 address=127.0.0.1 detail="${strangers[0]?.[1]}"`);
    expect(log).toContain(strangers[1]?.[1] as string);
    expect(log).not.toContain('link.up');
  });
});
