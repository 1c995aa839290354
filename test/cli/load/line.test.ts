// The line of a client: what passes is looked at, and a cut is told to the client as a lost connection.

import { expect, test } from 'bun:test';
import { Line } from '../../../src/cli/load/line.ts';
import { noFaults } from '../../../src/cli/load/wire.ts';
import type { TransportEvents } from '../../../src/client/transport/driver.ts';

/** A line whose far ends are in hand, and what its client is told and its transports are. */
function lineInHand() {
  const faults = noFaults();
  const said: string[] = [];
  const ends: TransportEvents[] = [];
  const line = new Line((server, events) => {
    ends.push(events);
    const send = (bytes: Uint8Array): void => void said.push(`${server} is sent ${bytes.length}`);
    return { send, close: () => said.push(`${server} is closed`) };
  }, faults);
  const events: TransportEvents = {
    open: () => said.push('open'),
    data: (chunk) => said.push(`data ${chunk.length}`),
    closed: (reason) => said.push(`closed: ${reason}`),
  };
  return { line, faults, said, ends, dial: (server: string) => line.dial(server, events) };
}

const BYTES = new TextEncoder().encode('garbage');

test('a cut ends the connection at both ends, and there is nothing more to cut until the next one', () => {
  const { line, said, dial } = lineInHand();
  expect(line.cut()).toBe(false);
  dial('a:1');
  expect([line.cut(), line.cut()]).toEqual([true, false]);
  expect(said).toEqual(['a:1 is closed', 'closed: cut by the load generator']);
  dial('b:2');
  expect(line.cut()).toBe(true);
});

test('what an earlier connection has still to say takes nothing from the one that there is', () => {
  const { line, said, ends, dial } = lineInHand();
  const first = dial('a:1');
  const second = dial('b:2');
  ends[0]?.closed('gone');
  first.close();
  second.send(BYTES);
  expect(line.cut()).toBe(true);
  expect(said.slice(-3)).toEqual(['b:2 is sent 7', 'b:2 is closed', 'closed: cut by the load generator']);
});

test('what passes is looked at, until the end', () => {
  const { line, faults, said, ends, dial } = lineInHand();
  dial('a:1');
  ends[0]?.open();
  ends[0]?.data(BYTES);
  line.finish();
  ends[0]?.data(BYTES);
  expect([faults.bad, said]).toEqual([1, ['open', 'data 7', 'data 7']]);
});
