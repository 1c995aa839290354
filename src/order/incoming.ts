// Incoming streams: a STREAM and the entries behind it, put together again as its frames come in one by one, for each
// server that sends some. Entries go to the segment that was named for them; those of a stream that nobody wants are
// swallowed. A stream that breaks off is forgotten with the way that it came by.

import type { ServerId } from '../base/ids.ts';
import { Run } from '../base/run.ts';
import { LF } from '../wire/octets.ts';
import type { Frame } from '../wire/scanner.ts';
import { type EntryKind, MESSAGE, SKIP } from './log.ts';
import type { Segment } from './segment.ts';
import { isText, numberAt, type StreamHead } from './server-frames.ts';

/** One stream that has come in whole. */
export interface Received {
  readonly head: StreamHead;
  /** Where its entries went; undefined when nobody wanted them. */
  readonly segment: Segment | undefined;
}

interface Incoming extends Received {
  got: number;
}

/** Entries on their way into a segment: none when nothing is being taken. */
const taken = new Run(new Uint8Array(0));

export class IncomingStreams {
  readonly #byServer = new Map<ServerId, Incoming>();
  #scratch = new Uint8Array(1_024);

  /** A stream begins, whose entries go to `segment` up to position `until`. Given back at once when it has none. */
  begin(from: ServerId, head: StreamHead, segment: Segment | undefined): Received | undefined {
    if (head.count === 0) return { head, segment };
    this.#byServer.set(from, { head, segment, got: 0 });
    return undefined;
  }

  /** Takes the entries that lie ready behind the head of a stream; the stream, when that was all. */
  follow(from: ServerId, frame: Frame): Received | undefined {
    const stream = this.#byServer.get(from);
    if (stream?.segment === undefined) return undefined;
    const { head, segment } = stream;
    const { message, skip } = segment.forms;
    while (stream.got < head.count) {
      const kind = frame.follow(message) ? MESSAGE : frame.follow(skip) ? SKIP : 0;
      if (kind === 0) break;
      if (frame.start !== taken.end || taken.isFull) put(stream, segment);
      const { number } = kind === MESSAGE ? message : skip;
      add(stream, segment, kind, number, frame.bytes, frame.start, frame.end + 1);
    }
    put(stream, segment);
    return this.#whole(from, stream);
  }

  /** The next entry, which comes by itself; the stream, when that was its last. */
  entry(from: ServerId, frame: Frame, kind: EntryKind): Received | undefined {
    const stream = this.#byServer.get(from);
    if (stream === undefined) return undefined;
    const { segment } = stream;
    if (segment === undefined || !isText(frame, 1, segment.epoch)) stream.got++;
    else {
      const { bytes, start, end } = frame;
      // Entries are kept with the line feed behind them, which belongs to no frame.
      if (bytes[end] === LF) add(stream, segment, kind, numberAt(frame, 2), bytes, start, end + 1);
      else add(stream, segment, kind, numberAt(frame, 2), this.#withLf(frame), 0, end - start + 1);
      put(stream, segment);
    }
    return this.#whole(from, stream);
  }

  /** What came from a server so far is of no use: the rest will not come. */
  drop(from: ServerId): void {
    this.#byServer.delete(from);
  }

  #whole(from: ServerId, stream: Incoming): Received | undefined {
    if (stream.got < stream.head.count) return undefined;
    this.#byServer.delete(from);
    return stream;
  }

  #withLf({ bytes, start, end }: Frame): Uint8Array {
    const length = end - start;
    if (this.#scratch.length <= length) this.#scratch = new Uint8Array(length * 2);
    this.#scratch.set(bytes.subarray(start, end));
    this.#scratch[length] = LF;
    return this.#scratch;
  }
}

/** Adds the next entry of a stream to those that are being taken, if it is the next one of its segment. */
function add(
  stream: Incoming,
  segment: Segment,
  kind: EntryKind,
  seq: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  const position = stream.head.position + ++stream.got;
  if (position !== segment.position + taken.count + 1 || seq < 1) return;
  if (taken.count === 0) {
    taken.bytes = bytes;
    taken.clear(start);
  }
  taken.add(end, kind === MESSAGE ? seq : -seq, 0, 0);
}

/** Puts the entries that are being taken into their segment, with their references. */
function put({ head }: Incoming, segment: Segment): void {
  const { count } = taken;
  if (count === 0) return;
  const before = segment.position - head.position;
  if (segment.appendRun(taken)) {
    let at = 0;
    for (const run of head.references) {
      const from = Math.max(at, before);
      const length = Math.min(at + run.count, before + count) - from;
      const number = run.server === 0 ? 0 : run.number + from - at;
      if (length > 0) segment.noteReferences(head.position + 1 + from, length, run.server, number);
      at += run.count;
    }
  }
  taken.clear();
}
