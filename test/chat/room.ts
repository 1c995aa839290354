// A room for tests of chat: it counts, keeps all that it decided, and hands it to subscribers at once. It knows nothing
// of how the real order and delivery work.

import type { ConnectionId, Epoch, RoomKey, Uid } from '../../src/base/ids.ts';
import {
  EXPIRED,
  type FindOutcome,
  ID_REUSED,
  type ReserveOutcome,
  SENT,
  SENT_BEFORE,
  type SendOutcome,
  UNAVAILABLE,
  WAITING,
} from '../../src/base/outcome.ts';
import type { RoomOrder, RoomPort, SlotReader } from '../../src/chat/ports.ts';
import type { Session } from '../../src/chat/session.ts';
import { encodeFrame, type FrameWriter } from '../../src/wire/writer.ts';
import type { World } from './world.ts';

interface SlotText {
  readonly seq: number;
  readonly text: string;
  readonly frame: Uint8Array;
}

interface Waiting {
  readonly asker: Session;
  readonly seq: number;
  readonly id: string;
  readonly text: string;
  readonly nick: string;
  readonly now: number;
}

const utf8 = new TextDecoder();

/** A room that counts. Set `waits` to have sends wait for settle(), `down` to have them refused. */
export class FakeRoom implements RoomPort, RoomOrder {
  readonly order = this;
  readonly epoch: Epoch;
  floor = 1;
  sentSeq = 0;
  declare sentEpoch?: Epoch;
  waits = false;
  down = false;
  closed = false;
  /** Another server is the home. */
  elsewhere = false;
  /** What who joins is told about waiting. */
  readiness: 'yes' | 'later' | 'no' = 'yes';
  readonly asked: Session[] = [];
  /** Numbers are given later. */
  late = false;
  readonly asking: Uid[] = [];
  wake = Number.POSITIVE_INFINITY;
  readonly subscribers = new Set<ConnectionId>();
  readonly slots: SlotText[] = [];
  readonly waiting: Waiting[] = [];
  readonly reserved = new Map<Uid, number>();
  readonly ids = new Map<string, SlotText>();
  last = 0;
  readonly key: RoomKey;
  readonly name: string;
  readonly #world: World;

  constructor(world: World, key: RoomKey, name: string, made: Epoch) {
    this.#world = world;
    this.key = key;
    this.name = name;
    this.epoch = made;
  }

  ready(asker: Session): 'yes' | 'later' | 'no' {
    if (this.readiness === 'later') this.asked.push(asker);
    return this.readiness;
  }

  get next(): number {
    for (let seq = this.floor; ; seq++) if (!this.slots.some((slot) => slot.seq === seq)) return seq;
  }

  send(
    asker: Session,
    holder: Uid,
    nick: Uint8Array,
    bytes: Uint8Array,
    start: number,
    end: number,
    seq: number,
    id: string,
    now: number,
  ): SendOutcome {
    const text = utf8.decode(bytes.subarray(start, end));
    const before = this.ids.get(id);
    if (before !== undefined) {
      this.sentSeq = before.seq;
      return before.text === text ? SENT_BEFORE : ID_REUSED;
    }
    if (seq !== 0 && this.reserved.get(holder) !== seq) return EXPIRED;
    if (this.down) return UNAVAILABLE;
    const message = { asker, seq, id, text, nick: utf8.decode(nick), now };
    if (seq !== 0) this.reserved.delete(holder);
    if (this.waits) {
      this.waiting.push(message);
      return WAITING;
    }
    this.sentSeq = this.#decide(message);
    return SENT;
  }

  /** Answers what waits, in order. */
  settle(outcome: SendOutcome = SENT): void {
    for (const message of this.waiting.splice(0)) {
      const seq = outcome === SENT ? this.#decide(message) : message.seq;
      this.#world.chat.sent(message.asker, this.key, outcome, seq, message.id, this.#world.now);
    }
  }

  #decide({ seq, id, text, nick, now }: Waiting): number {
    const slot = seq || ++this.last;
    const tail = id === '' ? '' : `,${id.replace(/[\\<>,]/g, '\\$&')}`;
    const frame = new TextEncoder().encode(`<CMSG,${this.name},${this.epoch},${slot},${nick},${now},${text}${tail}>\n`);
    const entry = { seq: slot, text, frame };
    this.slots.push(entry);
    if (id !== '') this.ids.set(id, entry);
    this.announce(frame, 0, frame.length);
    return slot;
  }

  #skip(seq: number): void {
    const frame = encodeFrame('SKIPSEQUENCE', this.name, this.epoch, seq);
    this.slots.push({ seq, text: '', frame });
    this.announce(frame, 0, frame.length);
  }

  reserve(holder: Uid): ReserveOutcome | undefined {
    if (this.late) {
      this.asking.push(holder);
      return undefined;
    }
    if (this.down) return { kind: 'unavailable' };
    const held = this.reserved.get(holder);
    if (held === undefined && this.reserved.size >= 2) return { kind: 'refused', retryMs: 1234 };
    const seq = held ?? ++this.last;
    this.reserved.set(holder, seq);
    return { kind: 'reserved', seq, ttlMs: 5000 };
  }

  release(holder: Uid): void {
    const seq = this.reserved.get(holder);
    if (seq === undefined) return;
    this.reserved.delete(holder);
    this.#skip(seq);
  }

  find(of: Epoch, seq: number): FindOutcome {
    if (of !== this.epoch || seq < this.floor) return { kind: 'gone', floor: this.floor };
    const slot = this.slots.find((one) => one.seq === seq);
    if (slot !== undefined) return { kind: 'slot', bytes: slot.frame, start: 0, end: slot.frame.length };
    return [...this.reserved.values()].includes(seq) ? { kind: 'pending', ms: 4321 } : { kind: 'never' };
  }

  history(of: Epoch, from: number, count: number): SlotReader | undefined {
    if (of !== this.epoch || (from !== 0 && from < this.floor)) return undefined;
    return this.#reader(Math.max(from, this.floor), count);
  }

  resume(of: Epoch, last: number): SlotReader | undefined {
    return of !== this.epoch || last + 1 < this.floor ? undefined : this.#reader(last + 1, Number.POSITIVE_INFINITY);
  }

  ahead(): SlotReader | undefined {
    const { next } = this;
    return this.slots.some((slot) => slot.seq > next) ? this.#reader(next, Number.POSITIVE_INFINITY) : undefined;
  }

  #reader(from: number, count: number): SlotReader {
    const stop = count === Number.POSITIVE_INFINITY ? count : Math.min(this.next, from + count);
    const slots = this.slots.filter(({ seq }) => seq >= from && seq < stop).sort((a, b) => a.seq - b.seq);
    const reader = {
      at: from,
      next: (frames: FrameWriter): boolean => {
        const slot = slots.shift();
        if (slot === undefined) return false;
        reader.at = slot.seq + 1;
        const [verb = '', ...args] = utf8.decode(slot.frame).slice(1, -2).split(',');
        frames.begin(verb);
        for (const arg of args) frames.raw(new TextEncoder().encode(arg), 0, new TextEncoder().encode(arg).length);
        frames.end();
        return slots.length > 0;
      },
    };
    return reader;
  }

  subscribe(connection: ConnectionId): void {
    if (this.subscribers.has(connection)) throw new Error('subscribed twice');
    this.subscribers.add(connection);
  }

  unsubscribe(connection: ConnectionId): void {
    if (!this.subscribers.delete(connection)) throw new Error('not subscribed');
  }

  announce(bytes: Uint8Array, start: number, end: number): void {
    this.#world.announced++;
    for (const connection of this.subscribers) this.#world.deliver(connection, bytes, start, end);
  }

  wakeAt(at: number): void {
    this.wake = at;
  }

  close(): void {
    if (this.subscribers.size > 0) throw new Error('a room closed with somebody in it');
    this.closed = true;
    this.#world.ports.delete(this.key);
  }
}
