// A home against the plainest model of a room, with random callers, clocks and logs. The model sees only what goes in
// and what comes out: a list of everything published, a Map of ids and a Map of reservations.

import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Uid } from '../../src/base/ids.ts';
import {
  EXPIRED,
  ID_REUSED,
  SENT,
  SENT_BEFORE,
  type SendOutcome,
  UNAVAILABLE,
  WAITING,
} from '../../src/base/outcome.ts';
import type { Fate } from '../support/late-log.ts';
import { EPOCH, NOW, Room, readAll, type Settled, user } from './room.ts';

const SLOTS = 16;

/** Somebody's message, and what is known of its end. */
interface Sent {
  readonly holder: Uid;
  readonly text: string;
  readonly id: string;
  /** Whether it stands in its sender's order: numbered by the room, and no repetition. */
  ordered: boolean;
  outcome: SendOutcome;
  timedOut: boolean;
}

/** A reader, and how much had been published when it was made. */
interface Reading {
  readonly from: number;
  readonly reader: ReturnType<Room['home']['resume']>;
  readonly before: number;
}

class Trial {
  readonly #room: Room;
  #fate: Fate = 'now';
  #now = NOW;
  /** Everything published: seq → frame, in the order of publication. */
  readonly #slots = new Map<number, string>();
  readonly #reserved = new Map<Uid, { seq: number; deadline: number }>();
  readonly #ids = new Map<string, { text: string; seq: number }>();
  readonly #sent: Sent[] = [];
  #last = 0;
  #seen = 0;
  #settled = 0;
  #reading: Reading | undefined;

  constructor(slow: boolean) {
    const memory = { slots: SLOTS, bytes: 1 << 20 };
    this.#room = new Room(slow ? { memory, fate: () => this.#fate } : { memory });
  }

  setFate(fate: Fate): void {
    this.#fate = fate;
  }

  wait(ms: number): void {
    this.#now += ms;
    if (this.#room.dueAt <= this.#now) this.tick();
  }

  tick(): void {
    for (const [holder, { deadline }] of this.#reserved) if (deadline <= this.#now) this.#reserved.delete(holder);
    this.#room.home.tick(this.#now);
    this.#observe(true);
  }

  send(n: number, own: boolean, id: string, variant: number): void {
    const holder = user(n);
    const live = this.#reserved.get(holder);
    const seq = own ? (live?.seq ?? variant + 1) : 0;
    // The sender is part of the text, so that the model can tell whose it is; a variant of the id's text is another.
    const text = id === '' ? `text-${this.#sent.length}` : `${id}-text-${variant % 2}`;
    const sent: Sent = { holder, text, id, ordered: seq === 0, outcome: WAITING, timedOut: false };
    const known = id === '' ? undefined : this.#ids.get(id);
    const isLive = live !== undefined && live.seq === seq && this.#now < live.deadline;
    const outcome = this.#room.send(holder, text, { seq, id, now: this.#now, asker: sent });
    if (known !== undefined) {
      expect(outcome).toBe(known.text !== text ? ID_REUSED : known.seq === 0 ? WAITING : SENT_BEFORE);
      if (outcome === SENT_BEFORE) expect(this.#room.home.sentSeq).toBe(known.seq);
      sent.ordered = false;
      if (outcome === WAITING) this.#sent.push(sent);
    } else if (seq !== 0 && !isLive) {
      expect(outcome).toBe(EXPIRED);
    } else {
      expect([SENT, WAITING, UNAVAILABLE]).toContain(outcome);
      sent.outcome = outcome;
      this.#sent.push(sent);
      if (outcome !== UNAVAILABLE) this.#accepted(sent, seq, id, text, outcome);
    }
    this.#observe(false);
    if (outcome === SENT) expect(this.#slots.get(this.#room.home.sentSeq)).toContain(`,${text}`);
  }

  reserve(n: number): void {
    const holder = user(n);
    const mine = this.#reserved.get(holder);
    const outcome = this.#room.home.reserve(holder, this.#now);
    for (const [other, { deadline }] of this.#reserved) if (deadline <= this.#now) this.#reserved.delete(other);
    if (mine !== undefined && this.#now < mine.deadline) {
      expect(outcome).toEqual({ kind: 'reserved', seq: mine.seq, ttlMs: mine.deadline - this.#now });
    } else if (outcome.kind === 'reserved') {
      expect(outcome.seq).toBe(this.#last + 1);
      this.#last++;
      this.#reserved.set(holder, { seq: outcome.seq, deadline: this.#now + outcome.ttlMs });
      expect(this.#reserved.size).toBeLessThanOrEqual(8);
    }
    this.#observe(false);
  }

  release(n: number): void {
    this.#reserved.delete(user(n));
    this.#room.home.release(user(n), this.#now);
    this.#observe(false);
  }

  answer(index: number, twice: boolean): void {
    const late = this.#room.late;
    if (late === undefined) return;
    if (late.owed.length > 0) this.#room.answer(index % late.owed.length, this.#now);
    const again = late.given[index % Math.max(1, late.given.length)];
    if (twice && again !== undefined) this.#room.home.done(again.ticket, again.result, this.#now);
    this.#observe(false);
  }

  /** Comes back at a position, and reads what it was promised some time later. */
  resume(back: number): void {
    this.#finishReading();
    const from = Math.max(0, this.#last - back);
    const reader = this.#room.home.resume(EPOCH, from);
    if (reader === undefined) expect(from + 1).toBeLessThan(this.#room.home.floor);
    else this.#reading = { from, reader, before: this.#slots.size };
  }

  history(back: number, count: number): void {
    const from = Math.max(1, this.#last - back);
    const reader = this.#room.home.history(EPOCH, from, count);
    if (reader === undefined) return expect(from).toBeLessThan(this.#room.home.floor);
    const frames = readAll(reader) ?? [];
    expect(reader.at).toBe(from + frames.length);
    frames.forEach((frame, i) => {
      expect(frame).toBe(this.#slots.get(from + i) as string);
    });
    if (frames.length < count) expect(this.#slots.has(reader.at)).toBe(false);
    return undefined;
  }

  /** The log is well again: everything that was given out has to be decided. */
  finish(): void {
    this.#finishReading();
    this.#fate = 'now';
    while ((this.#room.late?.owed.length ?? 0) > 0) this.answer(0, false);
    this.wait(5_000);
    this.wait(5_000);
    expect(this.#room.home.next).toBe(this.#last + 1);
    expect(this.#slots.size).toBe(this.#last);
    const ends = new Set(this.#sent.map(({ outcome }) => outcome));
    expect(ends.has(WAITING)).toBe(false);
    this.#checkSenders();
  }

  #accepted(sent: Sent, seq: number, id: string, text: string, outcome: SendOutcome): void {
    if (seq === 0) this.#last++;
    else this.#reserved.delete(sent.holder);
    if (id !== '') this.#ids.set(id, { text, seq: outcome === SENT ? this.#room.home.sentSeq : 0 });
  }

  /** Looks at everything that came out since the last time. */
  #observe(ticked: boolean): void {
    const { home, published, settlements } = this.#room;
    for (; this.#seen < published.length; this.#seen++) {
      const { seq, frame } = published[this.#seen] as { seq: number; frame: string };
      expect(this.#slots.has(seq)).toBe(false);
      expect(seq).toBeLessThanOrEqual(this.#last);
      expect([...this.#reserved.values()].some((held) => held.seq === seq)).toBe(false);
      this.#slots.set(seq, frame);
    }
    for (; this.#settled < settlements.length; this.#settled++) {
      this.#settle(settlements[this.#settled] as Settled, ticked);
    }
    let next = 1;
    while (this.#slots.has(next)) next++;
    expect(home.next).toBe(next);
    this.#checkSlots();
  }

  #settle({ asker, outcome, seq, id }: Settled, ticked: boolean): void {
    const sent = asker as Sent;
    expect(sent.outcome).toBe(WAITING);
    expect(id).toBe(sent.id);
    sent.outcome = outcome;
    sent.timedOut = ticked;
    if (outcome !== UNAVAILABLE) {
      expect(this.#slots.get(seq)).toContain(`,${sent.text}`);
      if (id !== '') this.#ids.set(id, { text: sent.text, seq });
    } else if (!ticked) {
      this.#ids.delete(id);
    }
  }

  /** What can be asked for is what was published, as long as it is kept. */
  #checkSlots(): void {
    const { home } = this.#room;
    expect(this.#room.find(this.#last + 1)).toBe('never');
    for (let seq = Math.max(1, this.#last - SLOTS * 2); seq <= this.#last; seq++) {
      const frame = this.#slots.get(seq);
      expect(this.#room.find(seq, this.#now)).toBe(frame === undefined ? 'pending' : seq < home.floor ? 'gone' : frame);
    }
  }

  /** A reader's frames and what came live since are everything above its position, once each. */
  #finishReading(): void {
    if (this.#reading === undefined) return;
    const { from, reader, before } = this.#reading;
    const all = [...this.#slots];
    const due = new Set(all.slice(0, before).flatMap(([seq]) => (seq > from ? [seq] : [])));
    const live = new Set(all.slice(before).map(([seq]) => seq));
    let at = from;
    for (const frame of readAll(reader) ?? []) {
      const [verb, , , first, to] = frame.slice(1, -1).split(',');
      const seq = Number(first);
      expect(seq).toBeGreaterThan(at);
      if (verb === 'RPL_LAGGED') {
        at = Number(to);
        for (let lost = seq; lost <= at; lost++) due.delete(lost);
      } else {
        expect(frame).toBe(this.#slots.get(seq) as string);
        expect(live.has(seq)).toBe(false);
        expect(due.delete(seq)).toBe(true);
        at = seq;
      }
    }
    expect([...due]).toEqual([]);
    this.#reading = undefined;
  }

  /** Each message stands in at most one slot, and a sender's messages stand in the order in which they were sent. */
  #checkSenders(): void {
    const seqOf = new Map<string, number>();
    for (const [seq, frame] of this.#slots) {
      const text = frame.slice(0, -1).split(',')[6];
      if (text === undefined) continue;
      expect(seqOf.has(text)).toBe(false);
      seqOf.set(text, seq);
    }
    const lastOf = new Map<Uid, number>();
    for (const { holder, text, id, ordered, outcome, timedOut } of this.#sent) {
      const seq = seqOf.get(text);
      if (outcome !== UNAVAILABLE) expect(seq).toBeDefined();
      else if (!timedOut && id === '') expect(seq).toBeUndefined();
      if (seq === undefined || outcome !== SENT || !ordered) continue;
      expect(seq).toBeGreaterThan(lastOf.get(holder) ?? 0);
      lastOf.set(holder, seq);
    }
  }
}

type Step = (trial: Trial) => void;
const who = fc.integer({ min: 1, max: 12 });
const id = fc.constantFrom('id-number-1', 'id-number-2', 'id-number-3', 'id-number-4');
const fate = fc.constantFrom<Fate>('now', 'late', 'late', 'refused', 'refused-late');
const small = fc.nat(40);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.tuple(who, fc.boolean()).map(
      ([n, own]): Step =>
        (trial) =>
          trial.send(n, own, '', n),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(who, fc.boolean(), id, small).map(
      ([n, own, name, variant]): Step =>
        (trial) =>
          trial.send(n, own, name, variant < 30 ? 0 : variant),
    ),
  },
  {
    weight: 4,
    arbitrary: who.map(
      (n): Step =>
        (trial) =>
          trial.reserve(n),
    ),
  },
  {
    weight: 1,
    arbitrary: who.map(
      (n): Step =>
        (trial) =>
          trial.release(n),
    ),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(small, fc.boolean()).map(
      ([i, twice]): Step =>
        (trial) =>
          trial.answer(i, twice),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.nat(3_000).map(
      (ms): Step =>
        (trial) =>
          trial.wait(ms),
    ),
  },
  {
    weight: 3,
    arbitrary: fate.map(
      (next): Step =>
        (trial) =>
          trial.setFate(next),
    ),
  },
  {
    weight: 1,
    arbitrary: small.map(
      (back): Step =>
        (trial) =>
          trial.resume(back),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(small, small).map(
      ([back, count]): Step =>
        (trial) =>
          trial.history(back, count),
    ),
  },
);

test.each([
  ['answers at once', false],
  ['answers late, out of order, twice, or refuses', true],
])('a home keeps its promises with a log that %s', (_what, slow) => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 150, size: 'max' }), (steps) => {
      const trial = new Trial(slow);
      for (const act of steps) act(trial);
      trial.finish();
    }),
    { numRuns: 250 },
  );
});
