// A connection: the scanner of what comes in, the outbox of what goes out, the session behind it, and why its input
// waits. It is plain state; connections.ts and node.ts act on it.

import type { Ending } from '../base/ending.ts';
import type { ConnectionId } from '../base/ids.ts';
import type { Session } from '../chat/session.ts';
import type { Outbox } from '../fanout/outbox.ts';
import type { Scanner } from '../wire/scanner.ts';

/** Why no frame of a connection is read now. */
export const HELD_BY_COMMAND = 1;
export const HELD_BY_SOURCE = 2;
export const HELD_BY_OUTPUT = 4;
/** Nothing holds it any more, and it goes on behind the next flush. */
export const HELD_UNTIL_FLUSH = 8;

export class Connection {
  readonly id: ConnectionId;
  readonly outbox: Outbox;
  readonly scanner: Scanner;
  /** The address that counts for the cap of its source; '' when it is exempt. */
  readonly source: string;
  /** Set for as long as frames of it are obeyed. */
  session: Session | undefined;
  /** Bits of HELD_BY_…; input is read only when it is 0. */
  held = 0;
  /** Bytes of input that were good frames, or were charged for. */
  framed = 0;
  /** Chunks that came while the input was held. */
  backlog: Uint8Array[] | undefined;
  /** No more input will come. */
  inputOver = false;
  /** Unix ms: since when it ends as soon as the outbox is empty; 0 while it lives. */
  closingAt = 0;
  /** Bytes that came after that, and were thrown away. */
  lateBytes = 0;
  /** Unix ms of the last input. */
  heardAt: number;
  /** Unix ms of the start. */
  readonly openedAt: number;
  /** It leads to a server, or to somebody who has yet to prove that: the mesh reads it. */
  link = false;
  /** Never served: it is told why and closed without waiting for its end. */
  refused = false;
  /** Why it ends, and what it was told of that. */
  ending: Ending = 'done';
  parting = '';
  /** Bytes that its transport read and kept for itself: they have their price, too. */
  overhead = 0;
  /** Whether it was pinged since it was last heard. */
  pinged = false;

  constructor(id: ConnectionId, outbox: Outbox, scanner: Scanner, source: string, now: number) {
    this.id = id;
    this.outbox = outbox;
    this.scanner = scanner;
    this.source = source;
    this.heardAt = now;
    this.openedAt = now;
  }

  /** Something came of it. */
  heard(now: number): void {
    this.heardAt = now;
    this.pinged = false;
  }

  /** Keeps what came while the input was held. */
  keep(chunk: Uint8Array): void {
    this.backlog ??= [];
    this.backlog.push(chunk);
  }

  /** Feeds the next chunk that came while the input was held; false when there is none. */
  refill(): boolean {
    const chunk = this.backlog?.shift();
    if (chunk === undefined) return false;
    if (this.backlog?.length === 0) this.backlog = undefined;
    this.scanner.feed(chunk);
    return true;
  }

  /** Takes the whole KiB of input that were in no good frame, to be charged for. */
  takeNoise(): number {
    const { offset, held } = this.scanner;
    const kib = Math.floor((offset + this.overhead - held - this.framed) / 1024);
    this.framed += kib * 1024;
    return kib;
  }
}
