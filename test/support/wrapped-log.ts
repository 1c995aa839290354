// A log around another one: what that holds is what this one holds. Whoever extends it says what becomes of an append.

import type { Epoch, Ticket } from '../../src/base/ids.ts';
import type { EntryKind, RoomLog, Slot } from '../../src/order/log.ts';

export abstract class WrappedLog implements RoomLog {
  protected readonly inner: RoomLog;

  constructor(inner: RoomLog) {
    this.inner = inner;
  }

  get epoch(): Epoch {
    return this.inner.epoch;
  }

  get committed(): number {
    return this.inner.committed;
  }

  get floor(): number {
    return this.inner.floor;
  }

  abstract append(
    after: number,
    kind: EntryKind,
    seq: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    ticket: Ticket,
  ): number;

  read(seq: number, slot: Slot): boolean {
    return this.inner.read(seq, slot);
  }

  close(): void {
    this.inner.close();
  }
}
