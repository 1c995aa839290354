// Followers: the servers that a home streams its entries to, and how far each has got. The standby gets entries at
// once and acknowledges them; the others get them when they are committed, so that only the standby ever holds what
// may come to nothing. What one batch of the event loop appended leaves as one STREAM a follower.

import type { ServerId } from '../base/ids.ts';
import { MAX_ARGS } from '../wire/scanner.ts';
import { FrameWriter } from '../wire/writer.ts';
import { emptySlot } from './readers.ts';
import type { Segment } from './segment.ts';

/** So many frames for one server, which belong together. The bytes are only lent. */
export type To = (server: ServerId, bytes: Uint8Array, start: number, end: number, count: number) => void;

/** Entries, about how many bytes, and runs of references of one STREAM. */
const MOST_ENTRIES = 256;
const MOST_BYTES = 49_152;
const MOST_RUNS = MAX_ARGS - 5;

export interface Follower {
  readonly server: ServerId;
  /** The position up to which entries were sent. */
  sent: number;
  /** The position up to which it said that it holds them. */
  held: number;
  /** What it was told to be committed; -1 before the first word. */
  told: number;
  /** Since when an acknowledgement is owed, in Unix ms; Infinity when none is. */
  since: number;
}

export class Followers {
  readonly #to: To;
  readonly #byServer = new Map<ServerId, Follower>();
  readonly #frames = new FrameWriter(4_096);
  readonly #slot = emptySlot();

  constructor(to: To) {
    this.#to = to;
  }

  get size(): number {
    return this.#byServer.size;
  }

  get(server: ServerId): Follower | undefined {
    return this.#byServer.get(server);
  }

  all(): Follower[] {
    return [...this.#byServer.values()];
  }

  /** From now on `server` gets what is above `position`. */
  set(server: ServerId, position: number): void {
    this.#byServer.set(server, { server, sent: position, held: 0, told: -1, since: Number.POSITIVE_INFINITY });
  }

  delete(server: ServerId): void {
    this.#byServer.delete(server);
  }

  /** Gives every follower what it lacks of the current epoch. */
  flush(segment: Segment, standby: ServerId | undefined, now: number): void {
    const { committed } = segment;
    for (const follower of this.#byServer.values()) {
      const upTo = follower.server === standby ? segment.position : committed;
      if (follower.sent >= upTo && follower.told === committed) continue;
      this.stream(segment, follower.server, follower.sent, upTo);
      follower.told = committed;
      follower.sent = Math.max(follower.sent, upTo);
      if (upTo > committed && follower.since === Number.POSITIVE_INFINITY) follower.since = now;
    }
  }

  /** Sends the entries (from, upTo] of a segment, or a STREAM of none that says what is committed. */
  stream(segment: Segment, server: ServerId, from: number, upTo: number): void {
    const frames = this.#frames;
    let after = from;
    if (after + 1 < segment.oldest && after < upTo) {
      after = Math.min(segment.oldest - 1, upTo);
      frames.clear();
      frames.begin('LAGGED').arg(segment.name).arg(segment.epoch).arg(after).arg(segment.floor).end();
      this.#to(server, frames.bytes, 0, frames.length, 1);
    }
    do after = this.#group(segment, server, after, upTo);
    while (after < upTo);
  }

  /** Sends one STREAM and its entries; returns the position of the last. */
  #group(segment: Segment, server: ServerId, after: number, upTo: number): number {
    const slot = this.#slot;
    const { references } = segment;
    // A follower may have been sent more than it is owed now.
    let last = after;
    const most = Math.min(upTo, after + MOST_ENTRIES);
    for (let runs = 0; last < most && runs < MOST_RUNS; runs++) last = Math.min(most, references.runEnd(last + 1));
    while (last > after && !this.#fits(segment, after + 1, last)) last--;
    const frames = this.#frames;
    frames.clear();
    frames
      .beginAs(segment.streamHead)
      .arg(after)
      .arg(segment.committed)
      .arg(last - after);
    for (let position = after; position < last; ) position = references.write(position + 1, last, frames);
    frames.end();
    if (last > after) frames.frame(slot.bytes, slot.start, slot.end);
    this.#to(server, frames.bytes, 0, frames.length, 1 + last - after);
    return last === after ? upTo : last;
  }

  /** Whether the entries `from` to `to` are here, and go into one STREAM: any single one does. */
  #fits(segment: Segment, from: number, to: number): boolean {
    const slot = this.#slot;
    return segment.readBlock(from, to, slot) && (slot.end - slot.start <= MOST_BYTES || from === to);
  }
}
