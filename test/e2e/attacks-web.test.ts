// Attacks on the listener for WebSockets: who says nothing, half a request or nonsense, floods of pings and of empty pieces,
// messages without end, readers who stop, and crowds that come and go. The others do not feel it, and nothing stays.

import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { medianAnswerMs } from '../support/latency.ts';
import { NARROW } from '../support/narrow-socket.ts';
import { RawClient } from '../support/raw-client.ts';
import { ServerProcess } from '../support/server.ts';
import { clientFrame, upgradeRequest, WebClient } from '../support/web-client.ts';

// The machine may be busy with other things.
setDefaultTimeout(40_000);

const MIB = 1024 * 1024;
const WEB = ['--web', '127.0.0.1:0'] as const;

describe.concurrent('who does not get to talk', () => {
  test('has as long as everybody: silence, half a request and a byte now and then end by the clock', async () => {
    await using server = await ServerProcess.start(...WEB, '--registration-ms', '500');
    const [silent, half, slow, upgraded] = await Promise.all([1, 2, 3, 4].map(() => WebClient.dial(server.webPort)));
    half?.raw('GET /ws HTTP/1.1\r\nhost: 127');
    upgraded?.raw(upgradeRequest(server.webPort));
    const request = upgradeRequest(server.webPort);
    let at = 0;
    const drip = setInterval(() => slow?.raw(request[at++ % 60] ?? ''), 20);
    await Promise.all([silent, half, slow].map((client) => client?.ended()));
    clearInterval(drip);
    expect([silent, half, slow].map((client) => client?.answer)).toEqual(['', '', '']);
    await upgraded?.wait(() => upgraded.end !== undefined, 'a close frame');
    expect(upgraded?.end?.code).toBe(1008);
    using ann = await WebClient.register(server.webPort, 'ann');
    expect(ann.status).toBe(101);
  });

  test('takes a place from its accept on, and gives it back', async () => {
    await using server = await ServerProcess.start(...WEB, '--max-clients', '3', '--registration-ms', '30s');
    const held = await Promise.all([1, 2].map(() => WebClient.dial(server.webPort)));
    using ann = await WebClient.register(server.webPort, 'ann');
    const late = await WebClient.dial(server.webPort);
    await late.ended();
    expect(late.answer).toBe('');
    for (const client of held) client.reset();
    await freed(server.webPort);
    ann.send('<PING,x>');
    expect(await ann.until('<PONG')).toBe('<PONG,x>');
  });

  test('is refused where its head does not end, or is followed by nonsense', async () => {
    await using server = await ServerProcess.start(...WEB);
    using endless = await WebClient.dial(server.webPort);
    endless.raw(`GET /ws HTTP/1.1\r\nx: ${'x'.repeat(9000)}`);
    await endless.ended();
    expect(endless.status).toBe(431);
    for (const nonsense of ['\0\0\0\0\r\n\r\n', '\r\n\r\n', 'GET  /ws HTTP/1.1\r\n\r\n', '\x16\x03\x01\r\n\r\n']) {
      using client = await WebClient.dial(server.webPort);
      client.raw(nonsense);
      await client.ended();
      expect(client.status).toBe(400);
    }
  });
});

/** Resolves when there is room for one more. */
async function freed(port: number): Promise<void> {
  for (;;) {
    using client = await WebClient.dial(port);
    client.raw(upgradeRequest(port));
    await client.wait(() => client.closed || client.answer !== '', 'an answer or the end');
    if (client.answer !== '') return;
  }
}

describe.concurrent('floods', () => {
  test('of pings, of pieces and of empty messages end as floods of white space do', async () => {
    await using server = await ServerProcess.start(...WEB);
    using ann = await RawClient.register(server.port, 'ann');
    const floods = {
      pings: clientFrame(9, 'x'.repeat(125)),
      pongs: clientFrame(10, 'x'.repeat(125)),
      empty: clientFrame(2, ''),
      space: clientFrame(2, ' '.repeat(125)),
    };
    for (const [nick, frame] of Object.entries(floods)) {
      using client = await WebClient.register(server.webPort, nick);
      const many = Buffer.concat(Array.from({ length: 2000 }, () => frame));
      for (let i = 0; i < 60; i++) client.raw(many);
      await client.wait(() => client.end !== undefined || client.closed, `the end of ${nick}`);
      expect([1008, undefined]).toContain(client.end?.code);
      expect(client.pongs.length).toBeLessThan(2000);
      client.reset();
    }
    expect(await medianAnswerMs(ann)).toBeLessThan(100);
  });

  test('before registration end with what may be sent before it', async () => {
    await using server = await ServerProcess.start(...WEB, '--registration-ms', '30s');
    using client = await WebClient.connect(server.webPort);
    for (let i = 0; i < 100; i++) client.raw(clientFrame(9, 'x'.repeat(100)));
    await client.wait(() => client.end !== undefined, 'a close frame');
    expect(client.end?.code).toBe(1008);
    client.reset();
  });

  test('in one message are read as they come: no memory, and the end of a frame too long', async () => {
    await using server = await ServerProcess.start(...WEB, '--flood', 'off');
    using ann = await WebClient.register(server.webPort, 'ann');
    const before = await server.rss();
    // One message of 64 MB of good frames, in one frame of WebSocket.
    const frames = `<PONG,${'x'.repeat(1017)}>`.repeat(1024);
    const header = Buffer.alloc(14);
    header[0] = 0x82;
    header[1] = 0xff;
    header.writeBigUInt64BE(BigInt(64 * frames.length), 2);
    ann.raw(header);
    for (let i = 0; i < 64; i++) ann.raw(frames);
    ann.send('<PING,end>');
    expect(await ann.until('<PONG')).toBe('<PONG,end>');
    expect((await server.rss()) - before).toBeLessThan(48 * MIB);
    ann.send(`<PING,${'x'.repeat(10_000_000)}>`);
    await ann.wait(() => ann.end !== undefined, 'a close frame');
    expect(ann.end?.code).toBe(1009);
    ann.reset();
  });
});

describe.skipIf(!NARROW)('readers who stop (needs sockets with small buffers)', () => {
  test('are not felt, hold little memory, and are told what they lack between whole messages', async () => {
    const room = ['--room-messages', '64', '--room-bytes', '64KiB', '--ring-age-ms', '1s'];
    await using server = await ServerProcess.start(...WEB, '--flood', 'off', '--per-ip', 'off', ...room);
    using ann = await WebClient.register(server.webPort, 'ann');
    using bob = await RawClient.register(server.port, 'bob');
    ann.send('<CREATEROOM,lobby><JOINROOM,lobby>');
    await ann.until('<RPL_WELCOME,lobby');
    bob.send('<JOINROOM,lobby>');
    await bob.until('<RPL_WELCOME,lobby');
    const stalled: WebClient[] = [];
    for (let i = 0; i < 50; i++) {
      const client = await WebClient.register(server.webPort, `s${i}`, { narrow: true });
      client.send('<JOINROOM,lobby>');
      await client.until('<RPL_WELCOME,lobby');
      client.pause();
      stalled.push(client);
    }
    const round = async (i: number): Promise<void> => {
      ann.send(`<CSEND,${'x'.repeat(500)}>`.repeat(8));
      ann.send(`<CSEND,round ${i}>`);
      await ann.wait(() => ann.lines.some((line) => line.endsWith(`,round ${i}>`)), 'a round');
      ann.lines.length = 0;
      while (!(await bob.until('<CMSG')).endsWith(`,round ${i}>`));
    };
    for (let i = 0; i < 20; i++) await round(i);
    const before = await server.rss();
    for (let i = 20; i < 150; i++) await round(i);
    // All that was not taken would be 50 × 0.5 MB.
    expect((await server.rss()) - before).toBeLessThan(12 * MIB);
    expect(await medianAnswerMs(bob)).toBeLessThan(100);
    for (const client of stalled) {
      // Every message is looked at by the client: a torn one would end it.
      client.resume();
      client.send('<PING,end>');
      const heard = await client.upTo('<PONG,end>');
      expect(heard.some((line) => line.startsWith('<RPL_LAGGED,lobby,'))).toBe(true);
      const slots = heard.filter((line) => line.startsWith('<CMSG')).map((line) => Number(line.split(',')[3]));
      expect(slots).toEqual(slots.toSorted((a, b) => a - b));
      client.reset();
    }
  });

  test('and go on sending pings, or have their end waited for, are cut in the end', async () => {
    const times = ['--write-deadline-ms', '1s', '--room-messages', '64', '--room-bytes', '64KiB'];
    await using server = await ServerProcess.start(...WEB, '--flood', 'off', ...times);
    using client = await WebClient.register(server.webPort, 'ann', { narrow: true });
    client.pause();
    // What is said to it fills the socket and what is kept; its pings are answered by nobody then.
    client.send(`<PING,${'x'.repeat(1000)}>`.repeat(4000));
    await server.logged('connection.abandoned');
    expect((await server.stop()).log).toContain('reason="Write timeout"');
  });
});

describe('crowds', () => {
  test('of 1,000 come and go in every way, and leave nothing', async () => {
    await using server = await ServerProcess.start(...WEB, '--flood', 'off', '--per-ip', 'off');
    using ann = await RawClient.register(server.port, 'ann');
    ann.send('<CREATEROOM,lobby><JOINROOM,lobby>');
    await ann.until('<RPL_WELCOME,lobby');
    const files = server.files();
    const visit = async (i: number): Promise<void> => {
      const way = i % 6;
      const client =
        way < 2 ? await WebClient.connect(server.webPort) : await WebClient.register(server.webPort, `c${i}`);
      if (way === 2) client.send('<JOINROOM,lobby><QUIT>');
      if (way === 3) client.raw(Buffer.concat([clientFrame(2, '<JOINROOM,lobby><CSEND,hi>'), clientFrame(8, '')]));
      if (way === 4) client.raw(clientFrame(2, '<JOINROOM,lobby><CSEND,hi>').subarray(0, 20));
      if (way === 5) client.raw(clientFrame(5, ''));
      if (way === 0 || way === 4) client.reset();
      else client.finish();
      await client.ended();
    };
    for (let i = 0; i < 1000; i += 50) await Promise.all(Array.from({ length: 50 }, (_, j) => visit(i + j)));
    for (;;) {
      ann.send('<LISTROOMS>');
      if ((await ann.until('<RPL_ROOM,')).startsWith('<RPL_ROOM,lobby,1,') && server.files() <= files) break;
    }
    expect(await medianAnswerMs(ann)).toBeLessThan(100);
  });
});
