// Programs that talk by the SDK, over TCP and WebSocket, while servers under them are killed: nothing is missing or doubled
// without a word, and every send is settled. `bun bench/kills.ts` runs the same for long, by the built package.

import { expect, setDefaultTimeout, test } from 'bun:test';
import { connect } from '../../src/client/sdk/bun.ts';
import { Fleet } from '../support/fleet.ts';
import { Crowd } from '../support/sdk-crowd.ts';

setDefaultTimeout(120_000);

test('programs go on, with everything that they said and heard, when the home of their room is killed', async () => {
  await using fleet = await Fleet.start({ servers: 3, flags: ['--hold', '500'], web: true });
  const members = fleet.places.flatMap(({ server }) => [
    { connect, servers: [`127.0.0.1:${server.port}`, ...fleet.addresses] },
    { connect, servers: [`ws://127.0.0.1:${server.webPort}/ws`] },
  ]);
  const crowd = await Crowd.gather({ members, rooms: ['den'], everyMs: 40 });
  await fleet.kill(fleet.places[0] as (typeof fleet.places)[number], 'SIGKILL');
  await fleet.settled();
  await fleet.restart(fleet.places[0] as (typeof fleet.places)[number]);
  await fleet.settled();
  const { sent, accepted, failed, unsettled, epochs, reconnects, read } = await crowd.end();
  expect(crowd.faults).toEqual([]);
  expect({ failed, unsettled, accepted }).toEqual({ failed: {}, unsettled: 0, accepted: sent });
  expect(read).toBe(sent * members.length);
  expect([epochs > 0, reconnects >= 2]).toEqual([true, true]);
});
