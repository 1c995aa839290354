// A process for cost.test.ts: reads a million frames, or makes one object a frame where it is told `waste`, so that a
// test can count what the collector had to do.

import { Frame, MORE, Scanner } from '../../src/wire/scanner.ts';
import { VerbTable } from '../../src/wire/verbs.ts';
import { bytesOf } from './drive.ts';

const FRAMES = 1_000_000;
const A_CHUNK = 1_000;

const chunk = bytesOf('<CSEND,a text of the usual length\\, with a comma,lobby>\n'.repeat(A_CHUNK));
const waste = process.argv[2] === 'waste';
const verbs = new VerbTable(['PING', 'CSEND', 'JOINROOM']);
const scanner = new Scanner(8192);
const frame = new Frame();
const kept: unknown[] = [undefined];
let frames = 0;
while (frames < FRAMES) {
  scanner.feed(chunk);
  while (scanner.next(frame) !== MORE) {
    if (verbs.find(frame.bytes, frame.verbStart, frame.verbEnd) !== 1 || frame.argc !== 2) throw new Error('misread');
    if (waste) kept[0] = [frame.argStart[0]];
    frames++;
  }
}
console.log(`${frames} frames`);
