// A room as its server has it, in the simplest way that can be checked by eye: every slot ever decided in a map, and a
// queue of frames to one reader which can be cut, shortened (RPL_LAGGED) and have frames repeated in it.
// Frames are functions that are applied to a RoomOrder, so that this model shares no code with the client.

import type { Ending, Message } from '../../src/client/epoch-slots.ts';
import type { RoomOrder } from '../../src/client/room-order.ts';
import type { Chance } from './chance.ts';

const KEPT = 40;

type Slot = Message | 'skipped' | 'reserved';

interface ModelEpoch {
  readonly epoch: string;
  readonly start: number;
  /** The last slot given out; everything reserved was dropped when the epoch ended. */
  last: number;
  ended: boolean;
  readonly slots: Map<number, Slot>;
}

interface Queued {
  readonly slot?: { readonly epoch: string; readonly seq: number };
  readonly apply: (order: RoomOrder, now: number) => void;
}

export class ModelRoom {
  readonly epochs: ModelEpoch[] = [];
  readonly #chance: Chance;
  #queue: Queued[] = [];
  #connected = false;
  #count = 0;

  constructor(chance: Chance) {
    this.#chance = chance;
    this.#open(1);
  }

  get current(): ModelEpoch {
    return this.epochs.at(-1) as ModelEpoch;
  }

  get idle(): boolean {
    return this.#queue.length === 0;
  }

  find(epoch: string): ModelEpoch | undefined {
    return this.epochs.find((each) => each.epoch === epoch);
  }

  /** The lowest slot of an epoch that is not decided. */
  next(epoch: ModelEpoch): number {
    let seq = epoch.start;
    while (seq <= epoch.last && epoch.slots.get(seq) !== 'reserved') seq++;
    return seq;
  }

  /** Something happens in the room. */
  live(): void {
    const reserved = [...this.current.slots].filter(([, slot]) => slot === 'reserved').map(([seq]) => seq);
    const kind = this.#chance.below(20);
    if (kind === 0) this.endEpoch();
    else if (kind < 4 && reserved.length < 8) this.current.slots.set(++this.current.last, 'reserved');
    else if (kind < 8 && reserved.length > 0) this.#decide(reserved[this.#chance.below(reserved.length)] as number);
    else this.#decide(++this.current.last);
  }

  /** Every reservation is decided. */
  decideAll(): void {
    for (const [seq, slot] of [...this.current.slots]) if (slot === 'reserved') this.#decide(seq);
  }

  endEpoch(): void {
    const old = this.current;
    for (const [seq, slot] of [...old.slots]) if (slot === 'reserved') old.slots.delete(seq);
    old.ended = true;
    this.#open(old.last + 1);
    this.#push({ apply: endingOf(old, this.current) });
  }

  /** The room ends and is made again: nobody's position is known any more. */
  remake(): void {
    this.cut();
    const epoch = this.#name();
    const start = 1 + this.#chance.below(3);
    this.epochs.length = 0;
    this.epochs.push({ epoch, start, last: start - 1, ended: false, slots: new Map() });
  }

  cut(): void {
    this.#connected = false;
    this.#queue = [];
  }

  join(order: RoomOrder): void {
    this.#connected = true;
    const { position } = order;
    const known = position === undefined ? undefined : this.find(position.epoch);
    const recovered = position !== undefined && known !== undefined && position.last + 1 >= this.floor();
    const { epoch } = this.current;
    const next = this.next(this.current);
    const floor = this.floor();
    this.#push({ apply: (to, now) => to.welcome(epoch, next, floor, recovered, now) });
    if (recovered) this.#replay(known, position.last + 1);
    else this.#replay(this.current, next);
  }

  /** Gives the reader the next few frames, mostly faithfully. */
  deliver(order: RoomOrder, now: number): void {
    if (this.#chance.happens(0.03)) this.#lag();
    for (let n = this.#chance.below(5); n > 0; n--) {
      const frame = this.#queue.shift();
      if (frame === undefined) return;
      frame.apply(order, now);
      if (frame.slot !== undefined && this.#chance.happens(0.1)) frame.apply(order, now);
    }
  }

  answerFind(epoch: string, seq: number): void {
    const asked = { epoch, from: seq };
    const slot = this.find(epoch)?.slots.get(seq);
    if (seq < this.floor()) return this.#gone(asked);
    if (slot === undefined) return this.#push({ apply: (order, now) => order.refused(asked, true, now) });
    if (slot === 'reserved') return this.#push({ apply: (order, now) => order.pending(asked, 50, now) });
    this.#pushSlot(epoch, seq, slot);
  }

  answerHistory(epoch: string, from: number, count: number): void {
    const asked = { epoch, from };
    const model = this.find(epoch);
    if (model === undefined || from < this.floor()) return this.#gone(asked);
    let seq = from;
    for (let n = 0; n < count && seq <= model.last; n++, seq++) {
      const slot = model.slots.get(seq);
      if (slot === 'reserved') break;
      if (slot !== undefined) this.#pushSlot(epoch, seq, slot);
    }
    const after = this.epochs[this.epochs.indexOf(model) + 1];
    const [goOn, next] = seq > model.last && after !== undefined ? [after.epoch, after.start] : [epoch, seq];
    this.#push({ apply: (order, now) => order.endOfHistory(asked, goOn, next, now) });
  }

  floor(): number {
    return Math.max(this.current.last - KEPT, 1);
  }

  #gone(asked: { readonly epoch: string; readonly from: number }): void {
    const floor = this.floor();
    this.#push({ apply: (order, now) => order.gone(asked, floor, now) });
  }

  #open(start: number): void {
    this.epochs.push({ epoch: this.#name(), start, last: start - 1, ended: false, slots: new Map() });
  }

  #name(): string {
    return `${(1_000_000 + ++this.#count).toString(36)}.7`;
  }

  #decide(seq: number): void {
    const { epoch, slots } = this.current;
    const message = { nick: 'n', time: seq, text: `${epoch}/${seq}`, id: '' };
    const slot = this.#chance.happens(0.2) ? 'skipped' : message;
    slots.set(seq, slot);
    this.#pushSlot(epoch, seq, slot);
  }

  #replay(first: ModelEpoch, from: number): void {
    for (let i = this.epochs.indexOf(first); i < this.epochs.length; i++) {
      const model = this.epochs[i] as ModelEpoch;
      for (let seq = Math.max(from, model.start); seq <= model.last; seq++) {
        const slot = model.slots.get(seq);
        if (slot !== undefined && slot !== 'reserved') this.#pushSlot(model.epoch, seq, slot);
      }
      const after = this.epochs[i + 1];
      if (after !== undefined) this.#push({ apply: endingOf(model, after) });
    }
  }

  /** Takes a run of slots of one epoch out of the queue and says so in their place. */
  #lag(): void {
    const at = this.#queue.findIndex(({ slot }) => slot !== undefined);
    const epoch = this.#queue[at]?.slot?.epoch;
    if (epoch === undefined) return;
    let end = at;
    const seqs: number[] = [];
    while (end < this.#queue.length && this.#queue[end]?.slot?.epoch === epoch && seqs.length < 20) {
      seqs.push(this.#queue[end]?.slot?.seq as number);
      end++;
    }
    const [from, to] = [Math.min(...seqs), Math.max(...seqs)];
    this.#queue.splice(at, end - at, { apply: (order, now) => order.lagged(epoch, from, to, now) });
  }

  #pushSlot(epoch: string, seq: number, slot: Message | 'skipped'): void {
    const message = slot === 'skipped' ? undefined : slot;
    this.#push({ slot: { epoch, seq }, apply: (order, now) => order.slot(epoch, seq, message, now) });
  }

  #push(frame: Queued): void {
    if (this.#connected) this.#queue.push(frame);
  }
}

function endingOf(old: ModelEpoch, after: ModelEpoch): Queued['apply'] {
  const ending: Ending = {
    epoch: after.epoch,
    next: after.start,
    oldEpoch: old.epoch,
    oldLast: old.last,
    branches: [],
    seen: true,
  };
  return (order, now) => order.epoch(ending, now);
}
