// Attacks by not reading: readers who stop in a busy room, and answers that nobody takes. What they cost is bounded,
// the others do not feel it, and who wakes up is told what it lacks.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { medianAnswerMs } from '../support/latency.ts';
import { NARROW } from '../support/narrow-socket.ts';
import { RawClient } from '../support/raw-client.ts';
import { ServerProcess } from '../support/server.ts';
import { measureStall } from '../support/stall.ts';

// The machine may be busy with other things.
setDefaultTimeout(20_000);

const MIB = 1024 * 1024;
const KIB = 1024;
/** What two runs beside each other may differ by on a busy machine. */
const NOISE_MS = 10;
const PROMPT_MS = 50;

describe.skipIf(!NARROW)('readers who stop in a busy room (needs sockets with small buffers)', () => {
  test('are not felt, hold no memory, and go on at the floor', async () => {
    const flags = ['--room-messages', '64', '--room-bytes', '64KiB'];
    const shape = { stalled: 50, talkers: 50, rounds: 120, burst: 8, bytes: 500, flags };
    const figures = await measureStall(shape);
    expect(figures.faults).toEqual([]);
    expect(figures.recovered).toBe(shape.stalled);
    expect(figures.p99Ms).toBeLessThan(2 * figures.p99AloneMs + NOISE_MS);
    // All that was not taken would be 50 × 0.5 MB.
    expect(figures.grew - figures.grewAlone).toBeLessThan(8 * MIB);
  });
});

describe.skipIf(!NARROW)('answers that nobody takes (needs sockets with small buffers)', () => {
  let server: ServerProcess;
  beforeAll(async () => {
    server = await ServerProcess.start('--flood', 'off', '--log-level', 'info');
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const silent = async (nick: string): Promise<RawClient> => {
    const client = await RawClient.connectNarrow(server.port);
    client.send(`<NICK,${nick}><USER,${nick},0,*,x>`);
    await client.until('<RPL_LIMITS');
    client.pause();
    return client;
  };

  test('stop the asking: what waits is bounded, whoever asks', async () => {
    using ann = await RawClient.register(server.port, 'ann');
    const ping = `<PING,${'x'.repeat(1000)}>`.repeat(1000);
    const warm = await Promise.all(['w1', 'w2'].map(silent));
    for (const client of warm) client.send(ping);
    await medianAnswerMs(ann);
    const before = await server.rss();
    const askers = await Promise.all(Array.from({ length: 40 }, (_, i) => silent(`p${i}`)));
    // 2 MB of questions each: more than the kernel holds of them and of the answers.
    for (const client of askers) client.send(ping + ping);
    expect(await medianAnswerMs(ann, 40)).toBeLessThan(PROMPT_MS);
    // At most 64 KiB of answers each, and the input that was read before it stopped.
    expect((await server.rss()) - before).toBeLessThan(40 * 800 * KIB);
    // Who reads on gets every answer, whole.
    const [first] = askers as [RawClient];
    first.resume();
    first.send('<PING,end>');
    const heard = await first.upTo('<PONG,end>');
    expect(heard).toHaveLength(2001);
    expect(new Set(heard.slice(0, -1))).toEqual(new Set([`<PONG,${'x'.repeat(1000)}>`]));
    for (const client of [...warm, ...askers]) client.reset();
  });

  test('that others cause are bounded, too', async () => {
    using ann = await RawClient.register(server.port, 'ben');
    const victim = await silent('victim');
    ann.send(`<LSEND,${'x'.repeat(4000)},victim>`.repeat(200));
    // 800 kB are four times what is kept for one client: it is lost, and the rest is said to nobody.
    await ann.until('<ERR_NOSUCHNICK,LSEND,victim,');
    expect(await medianAnswerMs(ann)).toBeLessThan(PROMPT_MS);
    victim.reset();
  });

  test('of lists are made as they are taken', async () => {
    using ann = await RawClient.register(server.port, 'cid');
    const rooms = Array.from({ length: 2000 }, (_, i) => `<CREATEROOM,${'r'.repeat(50)}${i}>`).join('');
    ann.send(`${rooms}<PING,made>`);
    await ann.until('<PONG,made>');
    const askers = await Promise.all(Array.from({ length: 20 }, (_, i) => silent(`l${i}`)));
    const before = await server.rss();
    for (const client of askers) client.send('<LISTROOMS>'.repeat(200));
    expect(await medianAnswerMs(ann)).toBeLessThan(PROMPT_MS);
    // 20 × 200 lists of 200 kB would be 800 MB.
    expect((await server.rss()) - before).toBeLessThan(32 * MIB);
    const [first] = askers as [RawClient];
    first.resume();
    for (let i = 0; i < 3; i++) expect((await first.upTo('<RPL_ENDOFROOMS,')).length).toBeGreaterThan(2000);
    for (const client of askers) client.reset();
  });
});
