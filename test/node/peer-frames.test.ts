// What rooms say to other servers: gathered, never parted where it belongs together, held back while a link is full.

import { expect, test } from 'bun:test';
import { type ServerId, serverId } from '../../src/base/ids.ts';
import { MOST_BYTES, MOST_FRAMES } from '../../src/mesh/group.ts';
import { type FrameCarrier, PeerFrames } from '../../src/node/peer-frames.ts';
import { encodeFrame, FrameWriter } from '../../src/wire/writer.ts';

const BETA = serverId(2);

class Carrier implements FrameCarrier {
  readonly groups: { readonly text: string; readonly count: number }[] = [];
  readonly lost: ServerId[] = [];
  outcome: ReturnType<FrameCarrier['send']> = 'sent';

  send(_server: ServerId, bytes: Uint8Array, start: number, end: number, count: number): typeof this.outcome {
    if (this.outcome === 'sent') {
      this.groups.push({ text: Buffer.from(bytes.subarray(start, end)).toString(), count });
    }
    return this.outcome;
  }
  wake(): void {}
  dropped(server: ServerId): void {
    this.lost.push(server);
  }
}

function say(frames: PeerFrames, ...args: Parameters<typeof encodeFrame>): void {
  const bytes = encodeFrame(...args);
  frames.add(BETA, bytes, 0, bytes.length, 1);
}

test('what one batch says leaves as one group, its frames counted whatever is in them', () => {
  const carrier = new Carrier();
  const frames = new PeerFrames(carrier);
  say(frames, 'ACK', 'a>b\n', 'x', 1);
  say(frames, 'SEAL', 'b', '\\>');
  frames.flush();
  frames.flush();
  expect(carrier.groups).toEqual([{ text: '<ACK,a\\>b\\\n,x,1>\n<SEAL,b,\\\\\\>>\n', count: 2 }]);
});

test('a stream is not parted from its entries, and no group is too large', () => {
  const carrier = new Carrier();
  const frames = new PeerFrames(carrier);
  for (let i = 0; i < 300; i++) {
    const writer = new FrameWriter();
    writer.begin('STREAM').arg('r').arg(i).arg(9).end();
    for (let n = 0; n < 9; n++)
      writer
        .begin('CMSG')
        .arg('r')
        .arg('e')
        .arg(n)
        .arg('x'.repeat(n * 100))
        .end();
    frames.add(BETA, writer.bytes, 0, writer.length, 10);
  }
  frames.flush();
  expect(carrier.groups.length).toBeGreaterThan(3);
  for (const { text, count } of carrier.groups) {
    expect(text).toStartWith('<STREAM,');
    expect(text.length).toBeLessThanOrEqual(MOST_BYTES);
    expect(count).toBeLessThanOrEqual(MOST_FRAMES);
    expect(text.split('\n').length - 1).toBe(count);
  }
  expect(carrier.groups.reduce((sum, { count }) => sum + count, 0)).toBe(3000);
});

test('a full link gets no more until it has drained, and everything in order then', () => {
  const carrier = new Carrier();
  const frames = new PeerFrames(carrier);
  carrier.outcome = 'full';
  say(frames, 'SEAL', 'one');
  frames.flush();
  carrier.outcome = 'sent';
  say(frames, 'SEAL', 'two');
  frames.flush();
  expect(carrier.groups).toEqual([]);
  frames.drained();
  frames.flush();
  expect(carrier.groups.map(({ text }) => text)).toEqual(['<SEAL,one>\n<SEAL,two>\n']);
});

test('what is out of reach is forgotten, and too much is given up as a whole', () => {
  const carrier = new Carrier();
  const frames = new PeerFrames(carrier);
  carrier.outcome = 'unreachable';
  say(frames, 'SEAL', 'one');
  frames.flush();
  carrier.outcome = 'full';
  say(frames, 'SEAL', 'two');
  frames.flush();
  for (let i = 0; i < 600; i++) say(frames, 'SEAL', 'x'.repeat(60_000));
  expect(carrier.lost).toEqual([BETA]);
  carrier.outcome = 'sent';
  frames.drained();
  frames.flush();
  expect(carrier.groups.length).toBeGreaterThan(0);
  expect(carrier.groups.some(({ text }) => text.includes('two'))).toBe(false);
});
