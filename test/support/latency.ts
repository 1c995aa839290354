// Latency: what an ordinary client feels while others misbehave.

import type { RawClient } from './raw-client.ts';

/** The median of so many answers to a PING, in ms. The client must be allowed to ask as often. */
export async function medianAnswerMs(client: RawClient, count = 15): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const asked = performance.now();
    client.send(`<PING,answer ${i}>`);
    await client.until(`<PONG,answer ${i}>`);
    times.push(performance.now() - asked);
  }
  return times.sort((a, b) => a - b)[count >> 1] as number;
}
