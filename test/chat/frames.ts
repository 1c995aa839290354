// Frames of other servers for tests of chat, as text.

import type { ServerId } from '../../src/base/ids.ts';
import type { Chat } from '../../src/chat/chat.ts';
import { FRAME, Frame, Scanner } from '../../src/wire/scanner.ts';
import { FrameWriter } from '../../src/wire/writer.ts';

const scanner = new Scanner(65_536);
const frame = new Frame();

/** The frame that `text` is; it is another one at the next call. */
export function parse(text: string): Frame {
  scanner.feed(new TextEncoder().encode(text));
  if (scanner.next(frame) !== FRAME) throw new Error(`not a frame: ${text}`);
  return frame;
}

/** The frames that make the part of `origin`, sorted. */
export function snapshot(chat: Chat, origin: ServerId): string[] {
  const frames = new FrameWriter();
  chat.snapshot(origin, frames);
  return new TextDecoder().decode(frames.bytes.subarray(0, frames.length)).split('\n').slice(0, -1);
}
