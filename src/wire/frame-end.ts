// The end of a frame in bytes of our own making: canonical, so that an unescaped '>' stands nowhere but at an end. It
// reads nothing else and is of no use for what others sent.

import { BACKSLASH, GREATER, LF } from './octets.ts';

/**
 * Where a run of whole frames from `start` on may be cut: behind the last frame that ends within `most` bytes, or behind
 * the first where that is longer. `bytes[start, end)` are whole frames, each with its LF; so is what is cut off.
 */
export function cutFrames(bytes: Uint8Array, start: number, end: number, most: number): number {
  if (end - start <= most) return end;
  for (let at = start + most - 2; at > start; at--) if (endsFrame(bytes, at)) return at + 2;
  for (let at = start + most - 1; at < end; at++) if (endsFrame(bytes, at)) return at + 2;
  return end;
}

/** Whether bytes[at] is the '>' of a frame, with its LF behind it. */
function endsFrame(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== GREATER || bytes[at + 1] !== LF) return false;
  let escapes = 0;
  while (bytes[at - 1 - escapes] === BACKSLASH) escapes++;
  return escapes % 2 === 0;
}
