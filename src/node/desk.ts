// The desk: where an operator gives a command without a connection. A command given here is a frame like any other, in
// a session of its own with an operator's rights: the same row of the same table judges it, the same function does it,
// and what would be said to a connection is heard here.

import { assert } from '../base/assert.ts';
import { type ConnectionId, connectionId } from '../base/ids.ts';
import type { Chat } from '../chat/chat.ts';
import { readFrame, WHOLE } from '../wire/grammar.ts';
import { Frame } from '../wire/scanner.ts';
import { encodeFrame } from '../wire/writer.ts';

/** No connection has this id. */
const DESK = connectionId(-1);

/** One frame that was said. */
export interface Said {
  readonly verb: string;
  readonly args: readonly string[];
}

export class Desk {
  #heard: Said[] = [];

  /**
   * Gives a command in the name of `operator`, and answers what was said to it before this returns; nothing for what no
   * frame can hold (NUL).
   */
  obey(chat: Chat, operator: string, verb: string, args: readonly string[], now: number): readonly Said[] {
    this.#heard = [];
    if (args.some((arg) => arg.includes('\0'))) return [];
    const bytes = encodeFrame(verb, ...args);
    const frame = new Frame(args.length);
    assert(readFrame(frame, bytes, 0, bytes.length, args.length) === WHOLE, 'a frame that was written can be read');
    chat.operate(DESK, operator, frame, now);
    return this.#heard;
  }

  /** What is said to a connection that there is not: ours, or one that has just gone. */
  hear(id: ConnectionId, bytes: Uint8Array, start: number, end: number): void {
    if (id !== DESK) return;
    const frame = new Frame();
    for (let at = start; readFrame(frame, bytes, at, end, frame.argStart.length) === WHOLE; at = frame.end + 1) {
      this.#heard.push({ verb: frame.verb(), args: Array.from({ length: frame.argc }, (_, i) => frame.arg(i)) });
    }
  }
}
