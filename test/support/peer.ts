// A peer for tests: somebody who knows the secret of a network, links with a real server as another server would, and
// then says what it likes; and the datagrams of such a one. It makes its macs itself and shares no code with the server.

import { createHmac, randomBytes } from 'node:crypto';
import { RawClient } from './raw-client.ts';

const HELLO_BYTES = 512;

/** Who it says that it is. */
export interface Identity {
  readonly name: string;
  readonly id: number;
  readonly incarnation: number;
}

/** Links with the listener at `port` as the dialler; resolves when the link is up, and rejects when it is refused. */
export async function linkAs({ name, id, incarnation }: Identity, port: number, secret: string): Promise<RawClient> {
  const peer = await RawClient.connect(port);
  const nonce = randomBytes(16).toString('hex');
  const own = `<SERVER,${name},0,${id},,127.0.0.1,9,${incarnation},,,1,chorus,${nonce},${Date.now()}>`;
  peer.send(own);
  const theirs = await peer.until('<SERVER,');
  peer.send(`<AUTH,${mac(secret, `auth,dialler,${own}${theirs}`)}>`);
  await peer.until(`<AUTH,${mac(secret, `auth,listener,${own}${theirs}`)}>`);
  return peer;
}

/** A HELLO as long as its kind is, with zeros; or shorter, where the answer would be longer than it. */
export function hello({ name, id, incarnation }: Identity, secret: string, bytes = HELLO_BYTES): string {
  const nonce = randomBytes(16).toString('hex');
  const head = `<HELLO,${name},127.0.0.1,9,chorus,${id},${incarnation},${Date.now()},${nonce},`;
  const signed = head.padEnd(Math.max(head.length, bytes - 66), '0');
  return `${signed},${mac(secret, signed)}>`;
}

function mac(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}
