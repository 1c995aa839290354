// Digests: a state as 64 bits, the sum of the hashes of the frames that describe it. A sum does not depend on the order,
// so two servers that came to one state by different ways, one by facts and one by a snapshot, have one digest. They
// guard against our own mistakes, not against forgery.

import { Frame } from '../wire/scanner.ts';
import { FrameCursor } from './group.ts';

/** The digest of the frames bytes[0, length), each with its LF: 16 hexadecimal digits. */
export function digestOf(bytes: Uint8Array, length: number): string {
  const cursor = new FrameCursor(bytes.subarray(0, length));
  const frame = new Frame();
  let high = 0;
  let low = 0;
  while (cursor.next(frame)) {
    let a = 0x811c9dc5;
    let b = 0x9e3779b9;
    for (let i = frame.start; i < frame.end; i++) {
      const byte = bytes[i] as number;
      a = Math.imul(a ^ byte, 0x01000193);
      b = Math.imul((b << 5) ^ (b >>> 27) ^ byte, 0x85ebca6b);
    }
    // Without mixing at the end, swapping two values between frames could leave the sum as it was.
    high = (high + mixed(a ^ (b >>> 15))) | 0;
    low = (low + mixed(b ^ (a << 7))) | 0;
  }
  return hex(high) + hex(low);
}

function mixed(lane: number): number {
  let x = lane;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}

function hex(lane: number): string {
  return (lane >>> 0).toString(16).padStart(8, '0');
}
