// A chat whose ports do nothing, and people in it: for measuring what chat itself costs.

import { connectionId } from '../../src/base/ids.ts';
import { SENT } from '../../src/base/outcome.ts';
import { Chat } from '../../src/chat/chat.ts';
import type { Out, RoomOrder, RoomPort } from '../../src/chat/ports.ts';
import type { Session } from '../../src/chat/session.ts';
import { FRAME, Frame, Scanner } from '../../src/wire/scanner.ts';
import { config, START } from './world.ts';

const nothing = (): undefined => undefined;
const order = {
  ...{ epoch: 'x.1', next: 1, floor: 1, sentSeq: 0, release: nothing, resume: nothing, ahead: nothing },
  send: () => SENT,
} as unknown as RoomOrder;
const port: RoomPort = {
  ...{ order, subscribe: nothing, unsubscribe: nothing, announce: nothing, wakeAt: nothing, close: nothing },
};
const out: Out = {
  ...{ openRoom: () => port, reply: nothing, stream: nothing, close: nothing, pause: nothing, resume: nothing },
  ...{ verify: () => true, token: () => 't', isToken: () => true, log: nothing, stop: nothing },
};
export const frame = new Frame();
export const scanner = new Scanner(8192);

function say(chat: Chat, session: Session, text: string): void {
  scanner.feed(new TextEncoder().encode(text));
  while (scanner.next(frame) === FRAME) chat.command(session, frame, START);
}

/** A chat with `count` users in one room each. */
export function crowd(count: number): { readonly chat: Chat; readonly sessions: Session[] } {
  const chat = new Chat(config({ textBytes: 4096, rooms: 100, flood: { rate: 1e9, burst: 1e9 } }), out);
  const sessions = Array.from({ length: count }, (_, i) => {
    const session = chat.connected(connectionId(i), `host-${i}.example`, START);
    say(chat, session, `<NICK,nick${i}><USER,user${i},0,*,Real Name ${i}>`);
    say(chat, session, `<CREATEROOM,r${i % 100}><JOINROOM,r${i % 100}>`);
    return session;
  });
  return { chat, sessions };
}
