// Credentials on sockets of their own: what a listener shows to whom, and that neither a certificate nor a session of an
// authority that is believed no longer is taken.

import { afterAll, expect, test } from 'bun:test';
import { connect, type TLSSocket } from 'node:tls';
import type { Socket } from 'bun';
import { Credentials, unusable } from '../../src/net/tls.ts';
import { Authority, type Issued } from '../support/certificates.ts';

const [old, next] = [new Authority('Old'), new Authority('Next')];
const server = { old: old.issue('server'), next: next.issue('server again') };
const listeners: { stop(all: boolean): void }[] = [];
afterAll(() => {
  for (const listener of listeners) listener.stop(true);
});

/** A listener that says `heard` or why not. */
function listen(credentials: Credentials): { port: number; verdicts: (string | undefined)[]; shown(): Promise<void> } {
  const verdicts: (string | undefined)[] = [];
  let wake = (): void => {};
  const listener = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    tls: credentials.listening,
    socket: {
      open: (socket) => credentials.show(socket),
      handshake(socket: Socket, success, error) {
        const objection = credentials.objection(socket, success, error, false);
        verdicts.push(objection);
        if (objection === undefined) socket.write('welcome\n');
        else socket.terminate();
        wake();
      },
      data() {},
    },
  });
  listeners.push(listener);
  const shown = (): Promise<void> => new Promise((resolve) => (wake = resolve));
  return { port: listener.port, verdicts, shown };
}

/** Dials with a certificate, and perhaps a session; resolves to the session it was given, when it was heard. */
async function dial(
  port: number,
  ca: string,
  own: Issued,
  session?: Buffer,
): Promise<{ session?: Buffer; reused: boolean }> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let given: Buffer | undefined;
  const socket: TLSSocket = connect({ host: '127.0.0.1', port, ca, ...own, ...(session && { session }) });
  socket.on('session', (each) => {
    given = each;
  });
  // A ticket comes with the first bytes of the server.
  socket.on('data', () => setImmediate(resolve));
  socket.on('close', () => resolve());
  socket.on('error', () => resolve());
  await promise;
  const reused = socket.isSessionReused();
  socket.destroy();
  return { ...(given && { session: given }), reused };
}

test('who is believed and what is shown follow a renewal, for those who connect then', async () => {
  const credentials = new Credentials(server.old, { ca: old.cert, pins: [], mutual: true });
  const { port, verdicts } = listen(credentials);
  const [mine, theirs] = [old.issue('client'), next.issue('client')];
  await dial(port, old.cert, mine);
  await dial(port, old.cert, theirs);
  credentials.renew(server.next, { ca: next.cert, pins: [], mutual: true });
  await dial(port, next.cert, mine);
  await dial(port, next.cert, theirs);
  const untrusted = 'its certificate is not signed by an authority that is trusted here';
  expect(verdicts).toEqual([undefined, untrusted, untrusted, undefined]);
  expect(credentials.counts).toEqual({ done: 2, failed: 2 });
});

test('a session of before is not resumed under another authority', async () => {
  const credentials = new Credentials(server.old, { ca: old.cert, pins: [], mutual: true });
  const { port, verdicts } = listen(credentials);
  const mine = old.issue('client');
  const { session } = await dial(port, old.cert, mine);
  expect(session).toBeDefined();
  // As long as nothing has changed it is, so the rest shows something.
  expect((await dial(port, old.cert, mine, session)).reused).toBe(true);
  credentials.renew(server.old, { ca: next.cert, pins: [], mutual: true });
  const again = await dial(port, old.cert, mine, session);
  expect(again.reused).toBe(false);
  expect(verdicts.at(-1)).toContain('not signed by an authority that is trusted here');
});

test('a pinned certificate is believed, and no other of the same authority', async () => {
  const [pinned, other] = [old.issue('client'), old.issue('client')];
  const { X509Certificate } = await import('node:crypto');
  const pin = new X509Certificate(pinned.cert).fingerprint256.replaceAll(':', '').toLowerCase();
  const { port, verdicts } = listen(new Credentials(server.old, { ca: old.cert, pins: [pin], mutual: true }));
  await dial(port, old.cert, pinned);
  await dial(port, old.cert, other);
  expect(verdicts).toEqual([undefined, 'its certificate is none of the pinned ones']);
});

test('what the runtime cannot use is found out before a listener has it', () => {
  expect(unusable(server.old, old.cert)).toBeUndefined();
  expect(unusable({ cert: server.old.cert, key: server.next.key })).toBeString();
});
