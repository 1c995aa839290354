// How one connection reads its rooms: from which slot on it was promised everything, what came, what it was told it
// lost, and what it had asked for again. The model that the checkers of gaps, repeats and order stand on.

import type { Dialogue, Utterance } from '../record.ts';
import { type HeardSlot, slotOf } from './checker.ts';

/** One stay in a room, from the answer to JOINROOM to the end. */
export interface Stay {
  readonly room: string;
  epoch: string;
  /** The first slot that was promised, by the first answer and by the farthest. */
  readonly firstBase: number;
  base: number;
  /** The position that the first JOINROOM gave; undefined when it gave none that was taken. */
  readonly position: number | undefined;
  readonly seen: Set<number>;
  readonly lost: Set<number>;
  /** It was told that it missed something, slots or presence. */
  lagged: boolean;
  /** When it began and was last answered anew, as places in the record. */
  readonly from: number;
  readonly askedAt: number;
  welcomedAt: number;
  /** Where it ended; Infinity while it lasts. */
  until: number;
  /** The highest number of its epoch, when that has ended; undefined while it lasts. */
  closedAt: number | undefined;
  /** The epoch that followed. */
  turnedTo: string;
  /** Its position was ahead of what the server itself had. */
  readonly isAhead: boolean;
  /** Epochs before its own may come once more: it asked for what it had. */
  replays: boolean;
  /** Slots that may come once more and how often, because it joined again or asked. */
  readonly again: Map<number, number>;
}

/** A slot as it came. */
export interface Arrival extends HeardSlot {
  readonly stay: Stay | undefined;
  /** It was here before on this stay, or is below what was promised. */
  readonly repeated: boolean;
  /** It answers, or may answer, something that was asked. */
  readonly asked: boolean;
}

export interface Reading {
  readonly dialogue: Dialogue;
  readonly stays: readonly Stay[];
  readonly arrivals: readonly Arrival[];
  readonly turns: readonly Turn[];
  /** Answers to JOINROOM with the question each belongs to. */
  readonly welcomes: readonly { readonly said: Utterance; readonly heard: Utterance; readonly stay: Stay }[];
}

/** An EPOCH as it came, and where its reader was. */
export interface Turn {
  readonly heard: Utterance;
  readonly epoch: string;
  readonly next: number;
  readonly old: string;
  readonly last: number;
  readonly stay: Stay | undefined;
}

/** Whether epoch `a` is greater than `b`: by its time, then by its home. */
export function isAfter(a: string, b: string): boolean {
  const [left, right] = [partsOf(a), partsOf(b)];
  return left[0] === right[0] ? left[1] > right[1] : left[0] > right[0];
}

function partsOf(epoch: string): readonly [number, number] {
  const [ms = '', home = ''] = epoch.split('.');
  return [Number.parseInt(ms, 36), Number(home)];
}

interface Question {
  readonly room: string;
  readonly verb: 'HISTORY' | 'FINDSEQUENCE';
  readonly from: number;
  readonly to: number;
  readonly given: Set<number>;
}

const readings = new WeakMap<Dialogue, Reading>();

export function readingOf(dialogue: Dialogue): Reading {
  let reading = readings.get(dialogue);
  if (reading === undefined) {
    reading = new Reader(dialogue).read();
    readings.set(dialogue, reading);
  }
  return reading;
}

class Reader {
  readonly #dialogue: Dialogue;
  readonly #stays: Stay[] = [];
  readonly #arrivals: Arrival[] = [];
  readonly #welcomes: { said: Utterance; heard: Utterance; stay: Stay }[] = [];
  readonly #open = new Map<string, Stay>();
  readonly #joins: Utterance[] = [];
  readonly #turns: Turn[] = [];
  #questions: Question[] = [];

  constructor(dialogue: Dialogue) {
    this.#dialogue = dialogue;
  }

  read(): Reading {
    let ident = '';
    for (const utterance of this.#dialogue.utterances) {
      const { said, verb, args } = utterance;
      const [first = '', second = ''] = args;
      if (said) this.#said(utterance);
      else if (verb === 'RPL_WELCOME' && first === '*') ident = second;
      else if (verb === 'NICK' && first === ident) ident = `${second}${first.slice(first.indexOf('!'))}`;
      else if (verb === 'LEAVEROOM' && second === ident) this.#leave(this.#dialogue.room(first), utterance.order);
      else this.#heard(utterance);
    }
    return {
      dialogue: this.#dialogue,
      stays: this.#stays,
      arrivals: this.#arrivals,
      welcomes: this.#welcomes,
      turns: this.#turns,
    };
  }

  #said(utterance: Utterance): void {
    const { verb, args } = utterance;
    const [room = '', , seq = '', count = ''] = args;
    if (verb === 'JOINROOM' && args.length > 0) this.#joins.push(utterance);
    else if (verb === 'FINDSEQUENCE') this.#ask('FINDSEQUENCE', room, Number(seq), Number(seq));
    else if (verb === 'HISTORY') {
      // Without a beginning it may begin anywhere.
      const from = seq === '' ? 0 : Number(seq);
      this.#ask('HISTORY', room, from, seq === '' ? Number.POSITIVE_INFINITY : from + Number(count) - 1);
    }
  }

  #ask(verb: Question['verb'], room: string, from: number, to: number): void {
    this.#questions.push({ verb, room: this.#dialogue.room(room), from, to, given: new Set() });
  }

  #heard(utterance: Utterance): void {
    const { verb, args } = utterance;
    const [first = ''] = args;
    const arrived = slotOf(this.#dialogue, utterance);
    if (arrived !== undefined) return this.#arrive(arrived);
    if (verb === 'EPOCH') return this.#turn(utterance);
    const room = this.#dialogue.room(first);
    if (verb === 'RPL_WELCOME') this.#welcome(utterance);
    else if (verb === 'RPL_LAGGED') this.#lag(room, utterance);
    else if (verb === 'RPL_MEMBERS') this.#missPresence(room);
    else if (verb === 'RPL_ENDOFHISTORY') this.#answered('HISTORY');
    else if (verb === 'RPL_PENDING') this.#answered('FINDSEQUENCE');
    else if (verb.startsWith('ERR_')) {
      if (first === 'JOINROOM' && verb !== 'ERR_NEEDMOREPARAMS' && verb !== 'ERR_BADFRAME') this.#joins.shift();
      else if (first === 'HISTORY' || first === 'FINDSEQUENCE') this.#answered(first);
    }
  }

  /** The oldest question of that kind has its answer. */
  #answered(verb: Question['verb']): void {
    const at = this.#questions.findIndex((question) => question.verb === verb);
    // Everything asked before was answered before; a FINDSEQUENCE that was, by its slot, was not noticed.
    this.#questions = this.#questions.slice(at + 1);
  }

  #welcome(heard: Utterance): void {
    const said = this.#joins.shift();
    if (said === undefined) return;
    const [name = '', , , current = '', nextText = '', , recovered = ''] = heard.args;
    const room = this.#dialogue.room(name);
    // What was missed begins in the epoch in which it was left.
    const epoch = recovered === '1' ? (said.args[1] ?? '') : current;
    const position = recovered === '1' ? Number(said.args[2]) : undefined;
    const base = position === undefined ? Number(nextText) : position + 1;
    const before = this.#open.get(room);
    if (before !== undefined && epoch !== before.epoch) {
      // Afresh, or once more from further back.
      before.replays = true;
      if (recovered === '1') for (const seq of before.seen) allow(before, seq);
      before.welcomedAt = heard.at;
      if (recovered !== '1') {
        // What it had not got of the old epoch by then it is owed no more.
        before.until = heard.order;
        this.#open.set(room, this.#stay(room, epoch, base, undefined, said, heard));
      }
      this.#welcomes.push({ said, heard, stay: before });
      return;
    }
    if (before !== undefined) {
      for (const seq of before.seen) if (seq >= base) allow(before, seq);
      before.base = Math.min(before.base, base);
      before.welcomedAt = heard.at;
      this.#welcomes.push({ said, heard, stay: before });
      return;
    }
    const stay = this.#stay(room, epoch, base, position, said, heard);
    // What came on an earlier stay was no answer to what is asked on this one.
    for (const question of this.#questions) if (question.room === room) question.given.clear();
    this.#open.set(room, stay);
    this.#welcomes.push({ said, heard, stay });
  }

  #stay(
    room: string,
    epoch: string,
    base: number,
    position: number | undefined,
    said: Utterance,
    heard: Utterance,
  ): Stay {
    const stay: Stay = {
      room,
      epoch,
      firstBase: base,
      base,
      position,
      seen: new Set(),
      lost: new Set(),
      lagged: false,
      from: heard.order,
      askedAt: said.order,
      welcomedAt: heard.at,
      until: Number.POSITIVE_INFINITY,
      again: new Map(),
      closedAt: undefined,
      isAhead: position !== undefined && position >= Number(heard.args[4]),
      turnedTo: '',
      replays: false,
    };
    this.#stays.push(stay);
    return stay;
  }

  /** The room goes on in another epoch: who is in it stays on there. */
  #turn(heard: Utterance): void {
    const [name = '', epoch = '', next = '', old = '', last = ''] = heard.args;
    const room = this.#dialogue.room(name);
    const before = this.#open.get(room);
    this.#turns.push({ heard, epoch, next: Number(next), old, last: Number(last), stay: before });
    if (before === undefined || !isAfter(epoch, before.epoch)) return;
    before.closedAt = old === before.epoch ? Number(last) : 0;
    before.until = heard.order;
    before.turnedTo = epoch;
    const stay = this.#stay(room, epoch, Number(next), undefined, heard, heard);
    stay.lagged = before.lagged && old !== before.epoch;
    stay.replays = before.replays;
    for (const [seq, times] of before.again) stay.again.set(seq, times);
    this.#open.set(room, stay);
  }

  #leave(room: string, order: number): void {
    const stay = this.#open.get(room);
    if (stay !== undefined) stay.until = order;
    this.#open.delete(room);
  }

  #lag(room: string, utterance: Utterance): void {
    const { args } = utterance;
    const epoch = args[1] ?? '';
    let stay = this.#open.get(room);
    if (stay === undefined) return;
    if (isAfter(epoch, stay.epoch)) stay = this.#overtaken(stay, epoch, Number(args[2]), utterance);
    stay.lagged = true;
    for (let seq = Number(args[2]); seq <= Number(args[3]); seq++) stay.lost.add(seq);
  }

  #missPresence(room: string): void {
    const stay = this.#open.get(room);
    if (stay !== undefined) stay.lagged = true;
  }

  #arrive(slot: HeardSlot): void {
    const stay = this.#current(slot);
    const { seq } = slot;
    const repeated = stay === undefined || stay.seen.has(seq) || seq < stay.base;
    const isOld = stay?.replays === true && (isAfter(stay.epoch, slot.epoch) || seq < stay.base);
    const asked =
      this.#wasAsked(slot, repeated) || isOld || (repeated && stay !== undefined && takeAllowance(stay, seq));
    if (stay?.epoch === slot.epoch) stay.seen.add(seq);
    this.#arrivals.push({ ...slot, stay, repeated, asked });
  }

  /** Whoever was overtaken may have missed that another epoch began. */
  #current(slot: HeardSlot): Stay | undefined {
    const stay = this.#open.get(slot.room);
    if (stay === undefined || !stay.lagged || !isAfter(slot.epoch, stay.epoch)) return stay;
    return this.#overtaken(stay, slot.epoch, slot.seq, slot.utterance);
  }

  /** It is in a later epoch all at once, and missed what is before `seq` there. */
  #overtaken(stay: Stay, epoch: string, seq: number, heard: Utterance): Stay {
    stay.until = heard.order;
    const next = this.#stay(stay.room, epoch, 1, undefined, heard, heard);
    for (let missed = 1; missed < seq; missed++) next.lost.add(missed);
    next.lagged = true;
    next.replays = stay.replays;
    for (const [missed, times] of stay.again) next.again.set(missed, times);
    this.#open.set(stay.room, next);
    return next;
  }

  /** Whether a question may be what it answers. Each may give a slot once, before or after it comes by itself. */
  #wasAsked({ room, seq }: HeardSlot, repeated: boolean): boolean {
    const question = this.#questions.find(
      (one) => one.room === room && one.from <= seq && seq <= one.to && !one.given.has(seq),
    );
    question?.given.add(seq);
    const stay = this.#open.get(room);
    if (!repeated && question !== undefined && stay !== undefined) allow(stay, seq);
    return question !== undefined;
  }
}

function allow(stay: Stay, seq: number): void {
  stay.again.set(seq, (stay.again.get(seq) ?? 0) + 1);
}

function takeAllowance(stay: Stay, seq: number): boolean {
  const left = stay.again.get(seq) ?? 0;
  stay.again.set(seq, Math.max(0, left - 1));
  return left > 0;
}
