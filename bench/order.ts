// The order of a room: what it costs its home to number, keep and publish a message, and to look one up, over the log
// in memory. The baseline is the least that has to be done: the finished frame copied into a tape.

import { Budget } from '../src/base/budget.ts';
import { utf8Bytes } from '../src/base/bytes.ts';
import { type Epoch, epoch, type RoomKey, serverId, ticket, type Uid, uid } from '../src/base/ids.ts';
import { Tape } from '../src/base/tape.ts';
import { Home } from '../src/order/home.ts';
import type { HomeOut } from '../src/order/home-ports.ts';
import { MemoryLog } from '../src/order/memory.ts';
import { Penalties } from '../src/order/reservations.ts';
import { presets } from './presets.ts';
import type { Reporter } from './report.ts';
import { type Effort, type Group, time } from './timing.ts';

const OPTIONS = presets();
const LOG_LIMITS = { slots: OPTIONS.roomMessages, bytes: OPTIONS.roomBytes };
const SERVER = serverId(1);
const EPOCH: Epoch = epoch(1_790_000_000_000, SERVER);
const HOLDER: Uid = uid(SERVER, 5);
const ASKER = {};
const NICK = utf8Bytes('obiwan');
const TEXT = utf8Bytes('x'.repeat(100));
const SENT = 1_000;
/** More than a room remembers, so that an id that comes around again is new. */
const IDS = 200_000;

export async function order(effort: Effort, reporter: Reporter): Promise<void> {
  await time(sending(), effort, reporter);
  await time(asking(), effort, reporter);
}

class Published implements HomeOut {
  bytes = 0;
  count = 0;

  publish(_home: Home, _kind: number, _seq: number, _bytes: Uint8Array, start: number, end: number): void {
    this.bytes += end - start;
    this.count++;
  }
  publishCommitted(): void {}
  settled(): void {}
  due(): void {}
  waits(): void {}
}

interface Room {
  readonly home: Home;
  readonly out: Published;
  /** Sends one message; the clock goes on a millisecond every 64. */
  send(seq: number, id: string): number;
  readonly now: () => number;
}

function room(): Room {
  const out = new Published();
  let tickets = 0;
  let sent = 0;
  const home = new Home({
    room: { key: 'lobby' as RoomKey, name: 'Lobby' },
    epoch: EPOCH,
    first: 1,
    log: new MemoryLog(EPOCH, new Budget(OPTIONS.roomMemoryBytes), LOG_LIMITS, 1),
    limits: OPTIONS,
    penalties: new Penalties(OPTIONS),
    idBudget: new Budget(OPTIONS.ids),
    out,
    tickets: () => ticket(++tickets),
  });
  const now = () => 1_790_000_000_000 + (sent >> 6);
  const send = (seq: number, id: string) => {
    sent++;
    return home.send(ASKER, HOLDER, NICK, TEXT, 0, TEXT.length, seq, id, now());
  };
  return { home, out, send, now };
}

function sending(): Group {
  const plain = room();
  const withIds = room();
  const again = room();
  const reserved = room();
  const ids = Array.from({ length: IDS }, (_, i) => `message-${i}`);
  plain.send(0, '');
  const frame = new Uint8Array(plain.out.bytes).fill(0x78);
  again.send(0, 'message-again');
  const tape = new Tape();
  let at = 0;
  const many = (work: () => number) => () => {
    let sum = 0;
    for (let i = 0; i < SENT; i++) sum += work();
    return sum;
  };
  return {
    suite: 'order',
    title: `sending a text of ${TEXT.length} bytes (a frame of ${frame.length})`,
    unit: 'message',
    cases: [
      {
        name: 'copying its frame into a tape',
        operations: SENT,
        run: many(() => {
          if (tape.length > 150_000) tape.trim(tape.tail + frame.length);
          return tape.append(frame, 0, frame.length);
        }),
      },
      { name: 'Home.send', operations: SENT, run: many(() => plain.send(0, '')) },
      {
        name: 'Home.send with a new id',
        operations: SENT,
        run: many(() => {
          at = at + 1 === IDS ? 0 : at + 1;
          return withIds.send(0, ids[at] as string);
        }),
      },
      { name: 'Home.send with a known id', operations: SENT, run: many(() => again.send(0, 'message-again')) },
      {
        name: 'reserve, then send under the number',
        operations: SENT,
        run: many(() => {
          const number = reserved.home.reserve(HOLDER, reserved.now());
          return number.kind === 'reserved' ? reserved.send(number.seq, '') : Number.NaN;
        }),
      },
    ],
  };
}

function asking(): Group {
  const full = room();
  for (let i = 0; i < 2_000; i++) full.send(0, '');
  const { home } = full;
  const table = new Float64Array(2_048).fill(1);
  let seq = 0;
  const many = (ask: (seq: number) => number) => () => {
    let sum = 0;
    for (let i = 0; i < SENT; i++) {
      seq = seq >= home.next - 1 || seq < home.floor ? home.floor : seq + 1;
      sum += ask(seq);
    }
    return sum;
  };
  return {
    suite: 'order',
    title: 'looking up a slot that is kept',
    unit: 'slot',
    cases: [
      { name: 'a number in an array', operations: SENT, run: many((n) => table[n & 2_047] as number) },
      {
        name: 'Home.find',
        operations: SENT,
        run: many((n) => {
          const found = home.find(EPOCH, n, full.now());
          return found.kind === 'slot' ? found.end - found.start : Number.NaN;
        }),
      },
    ],
  };
}
