// What members of a room feel when its home is killed, when servers are restarted one after the other, and when a link
// is cut: on real processes, with the load generator beside them. `bun bench/failover.ts` runs the same for long.

import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { cutHome, killHome, pauseHome, rollAll } from '../support/failover.ts';
import { Fleet } from '../support/fleet.ts';
import { LoadProcess } from '../support/load.ts';

const LONG = process.env.CHORUS_TEST_LONG === '1';
setDefaultTimeout(LONG ? 600_000 : 120_000);

const HOLD_MS = 500;
const HOLD = ['--hold', String(HOLD_MS)];
/** Promised on a machine of its own, and what two shared cores under load may make of it. */
const BACK_MS = HOLD_MS + (LONG ? 1_000 : 10_000);

/** Nothing that the protocol forbids was seen. */
function judge({ record, places }: Fleet): void {
  record.close();
  expect(record.faults).toEqual([]);
  expect(places.flatMap(({ observer }) => observer.refusals)).toEqual([]);
  expect(record.acknowledged).toBeGreaterThan(0);
}

describe.concurrent('members of a room at three servers', () => {
  test('outlive its home, again and again: one EPOCH each time, and nothing lost or said twice', async () => {
    await using fleet = await Fleet.start({ servers: 3, flags: HOLD });
    for (let round = 0; round < (LONG ? 10 : 2); round++) {
      const { backMs } = await killHome(fleet);
      expect(backMs).toBeLessThan(BACK_MS);
    }
    judge(fleet);
  });

  test('see nothing of a restart of every server in turn', async () => {
    await using fleet = await Fleet.start({ servers: 3, flags: HOLD });
    for (const { backMs } of await rollAll(fleet)) expect(backMs).toBeLessThan(BACK_MS);
    judge(fleet);
  });

  test('see nothing of a link that is cut: there is another way round', async () => {
    await using fleet = await Fleet.start({ servers: 3, gates: true, flags: HOLD });
    await cutHome(fleet, 'reset', 2_000);
    judge(fleet);
  });

  if (LONG) {
    test('are told nothing stale by a home that stood still', async () => {
      await using fleet = await Fleet.start({ servers: 3, flags: [...HOLD, '--room-messages', '16384'] });
      await pauseHome(fleet, 20_000);
      judge(fleet);
    });
  }

  test('clients of the ordinary kind go on at other servers when the home of their room is killed', async () => {
    await using fleet = await Fleet.start({ servers: 3, flags: HOLD });
    const shape = ['--clients', '12', '--rooms', '1', '--rate', '60', '--seconds', '4'];
    using load = await LoadProcess.start(fleet.addresses, ...shape);
    await killHome(fleet);
    const { code, account, verdict, reconnects, resumed } = await load.result();
    expect(verdict).toMatchObject({ lost: 0, doubled: 0, outOfOrder: 0, good: true });
    expect(account).toMatchObject({ sent: 240, acknowledged: 240, delivered: 2_880, expected: 2_880 });
    expect(account.epochs).toBeGreaterThanOrEqual(1);
    expect(reconnects).toBeGreaterThanOrEqual(4);
    expect(resumed).toBe(reconnects);
    expect(code).toBe(0);
    judge(fleet);
  });
});
