// Every kind of abuse at once: slow registrations, garbage, floods, frames without end, readers who stop, and churn.
// Ordinary clients of the same server lose nothing meanwhile, and its memory stays where it is. What they feel of it is
// measured by bench/abuse.ts, at full size.

import { expect, setDefaultTimeout, test } from 'bun:test';
import { measureMixed } from '../support/mixed.ts';
import { NARROW } from '../support/narrow-socket.ts';

setDefaultTimeout(60_000);

test.skipIf(!NARROW)(
  'who talks goes on talking, and memory stays bounded (needs sockets with small buffers)',
  async () => {
    const shape = { talkers: 40, burst: 4, bytes: 200, rounds: 5, everyMs: 20, attacks: 1, visits: 2_000, pace: 2_000 };
    // It rejects when a message does not reach a talker, or one is closed.
    const { abuse, grew } = await measureMixed(shape);
    expect(abuse.visits).toBeGreaterThanOrEqual(shape.visits);
    expect(abuse.floods).toBeGreaterThan(0);
    expect(grew).toBeLessThan(64 * 1024 * 1024);
  },
);
