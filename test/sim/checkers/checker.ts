// A checker looks at the record of a whole run and says what in it must never be. Checkers share no code with the
// server; what several of them need to know of a record is made once and kept here.

import type { Dialogue, Record, Utterance } from '../record.ts';
import type { Violation } from '../violation.ts';

export interface Checker {
  /** What it checks, in a word or two. */
  readonly name: string;
  check(record: Record): Violation[];
}

/** One slot as one client heard it. */
export interface HeardSlot {
  readonly dialogue: Dialogue;
  readonly utterance: Utterance;
  /** `room epoch`: what numbers a slot. */
  readonly log: string;
  readonly room: string;
  readonly epoch: string;
  readonly seq: number;
}

export interface Message {
  readonly nick: string;
  readonly time: number;
  readonly text: string;
  readonly id: string;
}

/** What is known of a slot: what filled it (undefined: nothing did) and who heard it first. */
export interface KnownSlot {
  readonly room: string;
  readonly epoch: string;
  readonly seq: number;
  readonly message: Message | undefined;
  readonly first: HeardSlot;
}

const known = new WeakMap<Record, Map<string, KnownSlot>>();

/** The slot that an utterance decides; undefined when it decides none. */
export function slotOf(dialogue: Dialogue, utterance: Utterance): HeardSlot | undefined {
  const { said, verb, args } = utterance;
  if (said || (verb !== 'CMSG' && verb !== 'SKIPSEQUENCE')) return undefined;
  const room = dialogue.room(args[0] ?? '');
  const epoch = args[1] ?? '';
  return { dialogue, utterance, log: `${room} ${epoch}`, room, epoch, seq: Number(args[2]) };
}

export function keyOf(room: string, epoch: string, seq: number): string {
  return `${room} ${epoch} ${seq}`;
}

/** Every slot that anybody heard, as it was heard first. */
export function slotsOf(record: Record): Map<string, KnownSlot> {
  const before = known.get(record);
  if (before !== undefined) return before;
  const slots = new Map<string, KnownSlot>();
  for (const dialogue of record.dialogues) {
    for (const utterance of dialogue.utterances) {
      const heard = slotOf(dialogue, utterance);
      if (heard === undefined) continue;
      const key = keyOf(heard.room, heard.epoch, heard.seq);
      const there = slots.get(key);
      if (there !== undefined && there.first.utterance.order < utterance.order) continue;
      const { room, epoch, seq } = heard;
      slots.set(key, { room, epoch, seq, message: messageOf(utterance), first: heard });
    }
  }
  known.set(record, slots);
  return slots;
}

export function messageOf({ verb, args }: Utterance): Message | undefined {
  if (verb !== 'CMSG') return undefined;
  const [, , , nick = '', time = '', text = '', id = ''] = args;
  return { nick, time: Number(time), text, id };
}

/** What the auditor found of a room when all was quiet. */
export interface Audit {
  readonly epoch: string;
  readonly next: number;
  readonly floor: number;
}

export function auditorsOf(record: Record): readonly Dialogue[] {
  return record.dialogues.filter(({ isAuditor }) => isAuditor);
}

export function auditOf(record: Record): Map<string, Audit> {
  const audits = new Map<string, Audit>();
  for (const auditor of auditorsOf(record)) {
    for (const { said, verb, args } of auditor.utterances) {
      if (said || verb !== 'RPL_WELCOME' || args[0] === '*') continue;
      const room = auditor.room(args[0] ?? '');
      const audit = { epoch: args[3] ?? '', next: Number(args[4]), floor: Number(args[5]) };
      const before = audits.get(room);
      // A server that had nobody in the room may be a little behind: the rest follows.
      if (before === undefined || before.epoch !== audit.epoch || before.next < audit.next) audits.set(room, audit);
    }
  }
  return audits;
}

/** What a CSEND said. */
export interface Sent {
  readonly dialogue: Dialogue;
  readonly utterance: Utterance;
  readonly text: string;
  readonly seq: string;
  readonly id: string;
}

export function* sendsOf(record: Record): Generator<Sent> {
  for (const dialogue of record.dialogues) {
    for (const utterance of dialogue.utterances) {
      const { said, verb, args } = utterance;
      if (!said || verb !== 'CSEND') continue;
      yield { dialogue, utterance, text: args[0] ?? '', seq: args[2] ?? '', id: args[3] ?? '' };
    }
  }
}

const speakers = new WeakMap<Record, Map<string, Set<string>>>();

/** Text → the connections that said it. */
export function speakersOf(record: Record): ReadonlyMap<string, ReadonlySet<string>> {
  const before = speakers.get(record);
  if (before !== undefined) return before;
  const found = new Map<string, Set<string>>();
  for (const { text, dialogue } of sendsOf(record)) {
    found.set(text, (found.get(text) ?? new Set()).add(dialogue.name));
  }
  speakers.set(record, found);
  return found;
}

export function violation(invariant: string, dialogue: Dialogue | undefined, at: number, what: string): Violation {
  return { invariant, at, what: dialogue === undefined ? what : `${dialogue.name}: ${what}` };
}
