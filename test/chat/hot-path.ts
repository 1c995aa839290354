// A program for memory.test.ts: a million times one frame into a warm chat. With `leaky` it makes an object a frame,
// which shows that the measurement sees one.

import { REGISTERED, type Session } from '../../src/chat/session.ts';
import { FRAME } from '../../src/wire/scanner.ts';
import { crowd, frame, scanner } from './crowd.ts';
import { START } from './world.ts';

const [text = '', leaky] = process.argv.slice(2);
const { chat, sessions } = crowd(200);
const session = sessions[1] as Session;
scanner.feed(new TextEncoder().encode(text));
if (scanner.next(frame) !== FRAME) throw new Error(`no frame: ${text}`);
let last: { readonly round: number } | undefined;

function send(count: number): void {
  for (let i = 0; i < count; i++) {
    if (leaky) last = { round: i };
    chat.command(session, frame, START + (i >> 6));
  }
}

send(100_000);
Bun.gc(true);
console.error('warm');
send(1_000_000);
console.error('done', last?.round ?? 0);
if (session.state !== REGISTERED) throw new Error('the session ended');
