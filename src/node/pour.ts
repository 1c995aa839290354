// Pouring: a source of frames becomes a source of bytes for an outbox, some 16 KiB at a time. A source that fails is
// over, and whoever is told so ends the connection: half an answer must not look whole.

import type { FrameSource } from '../chat/ports.ts';
import type { Fill } from '../fanout/own.ts';
import { FrameWriter } from '../wire/writer.ts';

const POUR_BYTES = 16_384;

/** Shared: bytes are copied to the outbox before anybody else writes. */
const frames = new FrameWriter();

/** What an outbox pours from `source`; `fail` hears of what it throws. */
export function pouring(source: FrameSource, fail: (error: unknown) => void): Fill {
  return (tape) => {
    frames.clear();
    let more = true;
    try {
      while (more && frames.length < POUR_BYTES) more = source.next(frames);
    } catch (error) {
      fail(error);
      return false;
    }
    tape.append(frames.bytes, 0, frames.length);
    return more;
  };
}
