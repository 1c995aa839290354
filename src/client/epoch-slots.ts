// One epoch of a room as one reader has it: which slot comes next, which came early and are held back, and how the
// epoch ended. It hands slots out in order, each once, and names every slot that it passes over.
// It refuses a slot that was handed out, passed over or is held already. It knows no time, asks nobody and bounds
// nothing: its owner counts what is held.

/** What filled a slot; `undefined` in its place means that the slot was skipped. */
export interface Message {
  readonly nick: string;
  /** Unix milliseconds, by the room's home. */
  readonly time: number;
  readonly text: string;
  /** The sender's own id for it; '' when it gave none. */
  readonly id: string;
}

/** The tail of an epoch that went its own way while the network was split: slots from `from` to `last`. */
export interface Branch {
  readonly epoch: string;
  readonly from: number;
  readonly last: number;
}

/** What a reader is told, in order. `from` and `to` are both included. */
export type OrderEvent =
  | ({ readonly kind: 'message'; readonly epoch: string; readonly seq: number } & Message)
  /** Slots that hold nothing: given back unused, or undecided when their epoch ended. */
  | { readonly kind: 'skipped'; readonly epoch: string; readonly from: number; readonly to: number }
  | {
      readonly kind: 'epoch';
      readonly epoch: string;
      readonly next: number;
      readonly oldEpoch: string;
      readonly oldLast: number;
      readonly branches: readonly Branch[];
    }
  /** Slots that may have held messages and cannot be had. Without `to`: everything up to `resumeAt`. */
  | { readonly kind: 'lost'; readonly epoch: string; readonly from: number; readonly to: number }
  | {
      readonly kind: 'lost';
      readonly epoch: string;
      readonly from: number;
      readonly to: undefined;
      readonly resumeAt: { readonly epoch: string; readonly next: number };
    };

/** How an epoch ended: by an EPOCH that was seen, or by one that was missed and only shows in what came after it. */
export interface Ending {
  readonly epoch: string;
  readonly next: number;
  readonly oldEpoch: string;
  readonly oldLast: number;
  readonly branches: readonly Branch[];
  readonly seen: boolean;
}

type Emit = (event: OrderEvent) => void;

const SLOT_BYTES = 64;

export class EpochSlots {
  readonly epoch: string;
  /** The lowest slot that was neither handed out nor passed over. */
  next: number;
  /** Slots below are known to be decided, so those that are not here were missed and are worth fetching. */
  missedBelow = 0;
  /** Set once the epoch has ended: nothing more is decided in it. */
  ending: Ending | undefined = undefined;
  /** An estimate of the memory that held slots take. */
  heldBytes = 0;
  readonly #held = new Map<number, Message | undefined>();

  constructor(epoch: string, next: number) {
    this.epoch = epoch;
    this.next = next;
  }

  /** Slots held back. */
  get held(): number {
    return this.#held.size;
  }

  /** Whether the next slot is known to exist, or to have existed, and is not here. */
  get gap(): boolean {
    return (this.#held.size > 0 || this.missedBelow > this.next) && !this.#held.has(this.next);
  }

  /** The first slot behind the gap: the lowest one held, else the end of what was missed. */
  gapEnd(): number {
    let lowest = Number.POSITIVE_INFINITY;
    for (const seq of this.#held.keys()) if (seq < lowest) lowest = seq;
    return lowest === Number.POSITIVE_INFINITY ? Math.max(this.missedBelow, this.next) : lowest;
  }

  /** Takes slot `seq`; false when it was had before. */
  put(seq: number, message: Message | undefined): boolean {
    if (seq < this.next || this.#held.has(seq)) return false;
    this.#held.set(seq, message);
    this.heldBytes += sizeOf(message);
    return true;
  }

  /** Hands slot `seq` out at once; false when it is not the next one, or others are held. */
  pass(seq: number, message: Message | undefined, emit: Emit): boolean {
    if (seq !== this.next || this.#held.size > 0) return false;
    this.next++;
    emitSlot(this.epoch, seq, message, emit);
    return true;
  }

  /** Hands out everything from `next` up to the first slot that is not here. */
  drain(emit: Emit): void {
    while (this.#held.has(this.next)) this.#release(emit);
  }

  /** Goes on at `until`: hands out in order what is held below it and reports the rest as lost. */
  giveUp(until: number, emit: Emit): void {
    this.#pass(until, 'lost', emit);
    this.drain(emit);
  }

  /**
   * The epoch is over, and had no number above `oldLast`, as far as whoever says so knows: hands out what is held, in
   * order. What is missing between was skipped; above `oldLast` it is lost, for there the epoch went on elsewhere.
   */
  finish(oldLast: number, emit: Emit): void {
    const last = Math.max(this.next - 1, ...this.#held.keys());
    this.#pass(Math.min(last, oldLast) + 1, 'skipped', emit);
    this.#pass(last + 1, 'lost', emit);
  }

  #pass(until: number, kind: 'lost' | 'skipped', emit: Emit): void {
    const seqs = [...this.#held.keys()].filter((seq) => seq < until).sort((a, b) => a - b);
    for (const seq of seqs) {
      this.#report(kind, seq - 1, emit);
      this.#release(emit);
    }
    this.#report(kind, until - 1, emit);
  }

  #report(kind: 'lost' | 'skipped', to: number, emit: Emit): void {
    if (to < this.next) return;
    emit({ kind, epoch: this.epoch, from: this.next, to });
    this.next = to + 1;
  }

  #release(emit: Emit): void {
    const seq = this.next++;
    const message = this.#held.get(seq);
    this.#held.delete(seq);
    this.heldBytes -= sizeOf(message);
    emitSlot(this.epoch, seq, message, emit);
  }
}

function emitSlot(epoch: string, seq: number, message: Message | undefined, emit: Emit): void {
  if (message === undefined) return emit({ kind: 'skipped', epoch, from: seq, to: seq });
  const { nick, time, text, id } = message;
  emit({ kind: 'message', epoch, seq, nick, time, text, id });
}

function sizeOf(message: Message | undefined): number {
  return message === undefined ? SLOT_BYTES : SLOT_BYTES + 2 * (message.text.length + message.nick.length);
}
