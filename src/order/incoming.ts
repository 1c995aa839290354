// Incoming streams: a STREAM and the entries behind it, put together again as its frames come in one by one, for each
// server that sends some. Entries go to the segment that was named for them; those of a stream that nobody wants are
// swallowed. A stream that breaks off is forgotten with the way that it came by.

import { type ServerId, serverId } from '../base/ids.ts';
import { LF } from '../wire/octets.ts';
import type { Frame } from '../wire/scanner.ts';
import type { EntryKind } from './log.ts';
import { MESSAGE, REFUSED, SKIP } from './log.ts';
import type { Reference } from './references.ts';
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

/** The reference of the entry that is being appended. */
const reference = { server: serverId(0), number: 0 };

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
    const heads = this.#byServer.get(from)?.segment?.heads;
    if (heads === undefined) return undefined;
    for (;;) {
      const kind = frame.follow(heads.message) ? MESSAGE : frame.follow(heads.skip) ? SKIP : 0;
      if (kind === 0) return undefined;
      const received = this.entry(from, frame, kind);
      if (received !== undefined) return received;
    }
  }

  /** The next entry; the stream, when that was its last. */
  entry(from: ServerId, frame: Frame, kind: EntryKind): Received | undefined {
    const stream = this.#byServer.get(from);
    if (stream === undefined) return undefined;
    const { head, segment } = stream;
    const position = head.position + ++stream.got;
    if (segment !== undefined && position === segment.position + 1) {
      this.#append(segment, position, kind, frame, referenceOf(head, stream.got - 1));
    }
    if (stream.got < head.count) return undefined;
    this.#byServer.delete(from);
    return stream;
  }

  /** What came from a server so far is of no use: the rest will not come. */
  drop(from: ServerId): void {
    this.#byServer.delete(from);
  }

  #append(segment: Segment, position: number, kind: EntryKind, frame: Frame, of: Reference | undefined): boolean {
    const seq = numberAt(frame, 2);
    if (seq < 1 || !isText(frame, 1, segment.epoch)) return false;
    const { bytes, start, end } = frame;
    // Entries are kept with the line feed behind them, which belongs to no frame.
    if (bytes[end] === LF) return segment.append(position, kind, seq, bytes, start, end + 1, of) !== REFUSED;
    const length = end - start;
    if (this.#scratch.length <= length) this.#scratch = new Uint8Array(length * 2);
    this.#scratch.set(bytes.subarray(start, end));
    this.#scratch[length] = LF;
    return segment.append(position, kind, seq, this.#scratch, 0, length + 1, of) !== REFUSED;
  }
}

/** The reference of one entry of a stream; it is good until the next one is asked for. */
function referenceOf({ references }: StreamHead, index: number): Reference | undefined {
  const server = references[index * 2] as number;
  if (server === 0) return undefined;
  reference.server = serverId(server);
  reference.number = references[index * 2 + 1] as number;
  return reference;
}
