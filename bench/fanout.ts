// Delivery without a kernel: what a ring costs a message, and what an outbox costs a connection and a batch, over a
// transport that takes everything and does nothing.

import { Budget } from '../src/base/budget.ts';
import { copyBytes } from '../src/base/bytes.ts';
import { connectionId } from '../src/base/ids.ts';
import { Outbox, type Shared, type Transport } from '../src/fanout/outbox.ts';
import { Ring, type RingLimits, Stamps } from '../src/fanout/ring.ts';
import { encodeFrame } from '../src/wire/writer.ts';
import type { Reporter } from './report.ts';
import { type Effort, type Group, time } from './timing.ts';

const LIMITS: RingLimits = { entries: 2_048, bytes: 1_048_576, ageMs: 60_000 };
const NOW = 1_790_000_000_000;
const APPENDED = 1_000;
const READERS = 100;
const ROOMS = 5;
const BATCHES = 10;
const MESSAGE = encodeFrame('CMSG', 'lobby', 'mbx3k1v4.1', 123_456, 'obiwan', NOW, 'x'.repeat(100));
const REPLY = encodeFrame('RPL_SENT', 'lobby', 'mbx3k1v4.1', 123_456, 'a1b2c3d4');

export async function fanout(effort: Effort, reporter: Reporter): Promise<void> {
  await time(appending(), effort, reporter);
  await time(flushing(), effort, reporter);
}

class Sink implements Transport {
  bytes = 0;

  offer(_connection: number, _bytes: Uint8Array, start: number, end: number): number {
    this.bytes += end - start;
    return end - start;
  }
}

function world(): { sink: Sink; shared: Shared; ring: () => Ring } {
  const sink = new Sink();
  const stamps = new Stamps();
  const budget = new Budget(256 * 2 ** 20);
  const nothing = new Uint8Array(0);
  return { sink, shared: { transport: sink, stamps }, ring: () => new Ring(LIMITS, stamps, budget, 1, () => nothing) };
}

function appending(): Group {
  const target = new Uint8Array(MESSAGE.length * APPENDED);
  const ring = world().ring();
  let seq = 0;
  return {
    suite: 'fanout',
    title: `appending a message of ${MESSAGE.length} bytes to a room's ring`,
    unit: 'message',
    cases: [
      {
        name: 'copying its bytes',
        operations: APPENDED,
        run: () => {
          for (let i = 0; i < APPENDED; i++) copyBytes(MESSAGE, 0, MESSAGE.length, target, i * MESSAGE.length);
          return target[0] as number;
        },
      },
      {
        name: 'Ring.append, evicting the oldest',
        operations: APPENDED,
        run: () => {
          for (let i = 0; i < APPENDED; i++) {
            seq++;
            ring.append(MESSAGE, 0, MESSAGE.length, seq, seq + 1, NOW);
          }
          return ring.size;
        },
      },
    ],
  };
}

function flushing(): Group {
  const { sink, shared, ring } = world();
  const rings = Array.from({ length: ROOMS }, ring);
  const inOne = outboxes(shared, rings.slice(0, 1));
  const others = Array.from({ length: ROOMS }, ring);
  const inMany = outboxes(shared, others);
  const alone = outboxes(shared, []);
  const torn = Array.from({ length: 1 }, ring);
  const both = outboxes(shared, torn);
  let seq = 0;
  /** A batch of four messages to each of `dirty`, and a reply to each where `replies`; then every outbox is flushed. */
  const batches = (dirty: readonly Ring[], readers: readonly Outbox[], replies: boolean) => () => {
    for (let batch = 0; batch < BATCHES; batch++) {
      for (let i = 0; i < 4; i++) {
        seq++;
        for (const room of dirty) room.append(MESSAGE, 0, MESSAGE.length, seq, seq + 1, NOW);
      }
      for (const outbox of readers) {
        if (replies) outbox.say(REPLY, 0, REPLY.length);
        outbox.flush(NOW);
      }
      for (const room of dirty) room.flushed();
    }
    return sink.bytes;
  };
  return {
    suite: 'fanout',
    title: `flushing ${READERS} outboxes to a transport that takes all`,
    unit: 'flush',
    note: `A batch brings 4 messages a room; writing them into the ring once for ${READERS} readers is counted.`,
    cases: [
      {
        name: 'offering a buffer, no outbox',
        operations: BATCHES * READERS,
        run: () => {
          for (let i = 0; i < BATCHES * READERS; i++) sink.offer(i, MESSAGE, 0, MESSAGE.length);
          return sink.bytes;
        },
      },
      { name: 'one room, it has news', operations: BATCHES * READERS, run: batches(rings.slice(0, 1), inOne, false) },
      {
        name: 'five rooms, one has news',
        operations: BATCHES * READERS,
        run: batches([others[2] as Ring], inMany, false),
      },
      { name: 'five rooms, all have news', operations: BATCHES * READERS, run: batches(others, inMany, false) },
      { name: 'a reply, no room', operations: BATCHES * READERS, run: batches([], alone, true) },
      { name: 'a room with news and a reply', operations: BATCHES * READERS, run: batches(torn, both, true) },
    ],
  };
}

function outboxes(shared: Shared, rings: readonly Ring[]): Outbox[] {
  return Array.from({ length: READERS }, (_, i) => {
    const outbox = new Outbox(connectionId(i), shared);
    for (const ring of rings) outbox.subscribe(ring);
    return outbox;
  });
}
