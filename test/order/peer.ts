// One server's part of a room, with everything around it in the test's hands: frames come in and go out as text.

import { utf8, utf8Bytes } from '../../src/base/bytes.ts';
import { type ServerId, uid } from '../../src/base/ids.ts';
import type { SendOutcome } from '../../src/base/outcome.ts';
import { SharedOrder } from '../../src/order/shared.ts';
import type { SharedOut } from '../../src/order/shared-ports.ts';
import { FRAME, Frame, Scanner } from '../../src/wire/scanner.ts';
import { HOME_LIMITS } from './limits.ts';
import { oneRoom, SELF, START } from './one-room.ts';
import { forEach } from './run.ts';

export class OnePeer {
  readonly order: SharedOrder;
  now = START;
  readable: string[] = [];
  /** Servers out of reach that may be back. */
  awaited: readonly ServerId[] = [];
  #said: string[] = [];

  /** Server 1, which reaches `others`, all with members. */
  constructor(others: readonly ServerId[], pendingEntries = HOME_LIMITS.pendingEntries) {
    const out: Partial<SharedOut> = {
      to: (server, bytes, start, end) => {
        for (const line of utf8(bytes, start, end).trim().split('\n')) this.#said.push(`${server} ${line}`);
      },
      reachable: () => others,
      awaited: () => this.awaited,
      publish: (_kind, _seq, bytes, start, end) => this.readable.push(utf8(bytes, start, end).trim()),
      publishRun: (run) => forEach(run, (_seq, ...frame) => this.readable.push(utf8(...frame).trim())),
      turn: (bytes) => this.readable.push(utf8(bytes, 0, bytes.length).trim()),
    };
    this.order = new SharedOrder(oneRoom(out, { ...HOME_LIMITS, pendingEntries }));
  }

  /** Frames of another server, and the end of the batch: what is said then, each behind the server that it is for. */
  hear(from: ServerId, ...lines: readonly string[]): string[] {
    const scanner = new Scanner(65_536);
    const frame = new Frame();
    scanner.feed(utf8Bytes(`${lines.join('\n')}\n`));
    frame.scanner = scanner;
    while (scanner.next(frame) === FRAME) {
      frame.ahead = lines.length;
      this.order.peer.receive(from, frame, this.now);
    }
    this.order.peer.flush(this.now);
    return this.said();
  }

  /** A message of a member here. */
  send(text: string): SendOutcome {
    const bytes = utf8Bytes(text);
    const [holder, nick] = [uid(SELF, START * 1_000), utf8Bytes('ann')];
    return this.order.send({}, holder, nick, bytes, 0, bytes.length, 0, '', this.now);
  }

  said(): string[] {
    return this.#said.splice(0);
  }
}
