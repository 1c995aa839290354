// One server's part of a room, with everything around it in the test's hands: frames come in and go out as text.

import { Budget } from '../../src/base/budget.ts';
import { utf8, utf8Bytes } from '../../src/base/bytes.ts';
import { type RoomKey, type ServerId, serverId, ticket, uid } from '../../src/base/ids.ts';
import type { SendOutcome } from '../../src/base/outcome.ts';
import { Penalties } from '../../src/order/reservations.ts';
import { SharedOrder } from '../../src/order/shared.ts';
import { FRAME, Frame, Scanner } from '../../src/wire/scanner.ts';
import { HOME_LIMITS, MEMORY_LIMITS, PENALTY_LIMITS } from './limits.ts';

export const START = 1_790_000_000_000;

export class OnePeer {
  readonly order: SharedOrder;
  now = START;
  readable: string[] = [];
  /** Servers out of reach that may be back. */
  awaited: readonly ServerId[] = [];
  #said: string[] = [];
  #tickets = 0;

  /** Server 1, which reaches `others`, all with members. */
  constructor(others: readonly ServerId[], pendingEntries = HOME_LIMITS.pendingEntries) {
    this.order = new SharedOrder({
      room: { key: 'lobby' as RoomKey, name: 'Lobby' },
      self: serverId(1),
      incarnation: START,
      holdMs: 3_000,
      home: { ...HOME_LIMITS, pendingEntries },
      segment: { ...HOME_LIMITS, memory: MEMORY_LIMITS },
      budgets: { memory: new Budget(1 << 30), ids: new Budget(1 << 20) },
      penalties: new Penalties(PENALTY_LIMITS),
      out: {
        to: (server, bytes, start, end) => {
          for (const line of utf8(bytes, start, end).trim().split('\n')) this.#said.push(`${server} ${line}`);
        },
        reachable: () => others,
        awaited: () => this.awaited,
        hasMembers: () => true,
        hash: (text) => text,
        ticket: () => ticket(++this.#tickets),
        publish: (_kind, _seq, bytes, start, end) => this.readable.push(utf8(bytes, start, end).trim()),
        turn: (bytes) => this.readable.push(utf8(bytes, 0, bytes.length).trim()),
        settled: () => {},
        reserved: () => {},
        announce: () => {},
        began: () => {},
        ready: () => {},
        due: () => {},
        dirty: () => {},
      },
    });
  }

  /** Frames of another server, and the end of the batch: what is said then, each behind the server that it is for. */
  hear(from: ServerId, ...lines: readonly string[]): string[] {
    const scanner = new Scanner(65_536);
    const frame = new Frame();
    scanner.feed(utf8Bytes(`${lines.join('\n')}\n`));
    while (scanner.next(frame) === FRAME) this.order.peer.receive(from, frame, this.now);
    this.order.peer.flush(this.now);
    return this.said();
  }

  /** A message of a member here. */
  send(text: string): SendOutcome {
    const bytes = utf8Bytes(text);
    const [holder, nick] = [uid(serverId(1), START * 1_000), utf8Bytes('ann')];
    return this.order.send({}, holder, nick, bytes, 0, bytes.length, 0, '', this.now);
  }

  said(): string[] {
    return this.#said.splice(0);
  }
}
