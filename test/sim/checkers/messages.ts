// What becomes of a message. O5: what RPL_SENT names is there. O6: an id, and a text that was said once, fills one slot.
// O11: what one connection says without numbers keeps its order. And nothing is there that nobody said, under a
// nickname that is not its sender's, or though its sender was told that it was refused.

import type { Dialogue, Record } from '../record.ts';
import type { Violation } from '../violation.ts';
import {
  auditOf,
  type Checker,
  type KnownSlot,
  keyOf,
  messageOf,
  type Sent,
  sendsOf,
  slotsOf,
  violation,
} from './checker.ts';
import { readingOf } from './reading.ts';

export const messages: Checker = {
  name: 'messages',
  check(record) {
    const said = new Map<string, Sent[]>();
    for (const sent of sendsOf(record)) said.set(sent.text, [...(said.get(sent.text) ?? []), sent]);
    const filled = new Map<string, KnownSlot[]>();
    for (const slot of slotsOf(record).values()) {
      if (slot.message !== undefined) {
        filled.set(slot.message.text, [...(filled.get(slot.message.text) ?? []), slot]);
      }
    }
    return [
      ...origins(record, said, filled),
      ...(record.facts.rooms === 'shared' ? deliveries(record, said) : []),
      ...ids(record),
      ...promises(record),
      ...refusals(record, said, filled),
      ...orders(record, said, filled),
    ];
  },
};

/** Every message was said by the one whose nickname it bears, and no more often than it was said. */
function origins(
  record: Record,
  said: ReadonlyMap<string, Sent[]>,
  filled: ReadonlyMap<string, KnownSlot[]>,
): Violation[] {
  const found: Violation[] = [];
  for (const [text, slots] of filled) {
    const { message, first } = slots[0] as KnownSlot;
    const sends = (said.get(text) ?? []).filter((sent) => sent.id === message?.id);
    if (sends.length === 0) {
      found.push(violation('O1', first.dialogue, first.utterance.at, `nobody said ${JSON.stringify(message)}`));
    } else if (slots.length > sends.length && record.facts.rooms === 'own') {
      const seqs = slots.map(({ epoch, seq }) => `${epoch} ${seq}`).join(', ');
      found.push(
        violation('O6', first.dialogue, first.utterance.at, `said ${sends.length} times, in slots ${seqs}: ${text}`),
      );
    }
    const names = new Set(sends.flatMap(({ dialogue }) => [...namesOf(dialogue)]));
    if (sends.length > 0 && message !== undefined && !names.has(message.nick)) {
      const what = `${JSON.stringify(text)} came from ${message.nick}, but was said by ${[...names].join(' ')}`;
      found.push(violation('C3', first.dialogue, first.utterance.at, what));
    }
  }
  return found;
}

/** Two sides of a split may both have a message, but no reader gets it twice without asking. */
function deliveries(record: Record, said: ReadonlyMap<string, Sent[]>): Violation[] {
  const found: Violation[] = [];
  if (record.facts.idWindowMs !== Number.POSITIVE_INFINITY) return found;
  for (const dialogue of record.dialogues) {
    const stood = new Map<string, Set<string>>();
    for (const { utterance, asked, repeated, room, epoch, seq } of readingOf(dialogue).arrivals) {
      const message = messageOf(utterance);
      if (message === undefined || asked || repeated) continue;
      const places = stood.get(message.text) ?? new Set();
      stood.set(message.text, places.add(keyOf(room, epoch, seq)));
      const times = (said.get(message.text) ?? []).filter(({ id }) => id === message.id);
      const most = message.id === '' ? times.length : 1;
      if (places.size <= most) continue;
      const what = `${message.text} came ${places.size} times: ${[...places].join(', ')}`;
      found.push(violation('O6', dialogue, utterance.at, what));
    }
  }
  return found;
}

/** Every nickname that a connection may have had. */
function namesOf({ utterances }: Dialogue): Set<string> {
  const names = new Set<string>();
  for (const { said, verb, args } of utterances) {
    if (said && verb === 'NICK') names.add(args[0] ?? '');
    if (said && verb === 'USER') names.add(args[0] ?? '');
    if (!said && verb === 'RPL_WELCOME' && args[0] === '*') names.add((args[1] ?? '').split('!')[0] ?? '');
  }
  return names;
}

/** An id fills one slot of a room's epoch. */
function ids(record: Record): Violation[] {
  if (record.facts.idWindowMs !== Number.POSITIVE_INFINITY) return [];
  const found: Violation[] = [];
  const first = new Map<string, KnownSlot>();
  for (const slot of slotsOf(record).values()) {
    if (slot.message === undefined || slot.message.id === '') continue;
    const key = `${slot.room} ${slot.epoch} ${slot.message.id}`;
    const other = first.get(key);
    if (other === undefined) first.set(key, slot);
    else {
      const what = `id ${slot.message.id} of ${slot.room} ${slot.epoch} stands in slots ${other.seq} and ${slot.seq}`;
      found.push(violation('O6', slot.first.dialogue, slot.first.utterance.at, what));
    }
  }
  return found;
}

/** What RPL_SENT names is that very message, and always the same slot. */
function promises(record: Record): Violation[] {
  const found: Violation[] = [];
  const slots = slotsOf(record);
  const audits = auditOf(record);
  const told = new Map<string, string>();
  for (const dialogue of record.dialogues) {
    const owed = new Map<string, number>();
    for (const { said, verb, args, at } of dialogue.utterances) {
      if (said && verb === 'CSEND') {
        const promise = `${args[3] ?? ''} ${args[0] ?? ''}`;
        owed.set(promise, (owed.get(promise) ?? 0) + 1);
      }
      if (said || verb !== 'RPL_SENT') continue;
      const [name = '', epoch = '', seq = '', id = ''] = args;
      const room = dialogue.room(name);
      const slot = slots.get(keyOf(room, epoch, Number(seq)));
      const audit = audits.get(room);
      const kept = audit !== undefined && audit.epoch === epoch && Number(seq) >= audit.floor;
      if (slot === undefined ? kept : slot.message?.id !== id) {
        const is = slot === undefined ? 'nothing' : JSON.stringify(slot.message ?? 'a skip');
        found.push(violation('O5', dialogue, at, `${id} was promised in ${room} ${seq}, where ${is} stands`));
      }
      // The same id with another text is not answered so.
      const promise = `${id} ${slot?.message?.text ?? ''}`;
      const left = (owed.get(promise) ?? 0) - 1;
      if (slot?.message?.id === id && left < 0) {
        found.push(violation('O5', dialogue, at, `${id} was promised for another text than ${slot.message.text}`));
      }
      owed.set(promise, left);
      const key = `${room} ${epoch} ${id}`;
      if (record.facts.idWindowMs === Number.POSITIVE_INFINITY && (told.get(key) ?? seq) !== seq) {
        found.push(violation('O5', dialogue, at, `${id} was promised in ${room} ${told.get(key)} and ${seq}`));
      }
      told.set(key, seq);
    }
  }
  return found;
}

/**
 * A message that was said once, with an id, and refused for good is not there. That a number has expired is not for good:
 * a home that was replaced may have filled it, and what it had not told anybody comes in with its tail.
 */
function refusals(
  record: Record,
  said: ReadonlyMap<string, Sent[]>,
  filled: ReadonlyMap<string, KnownSlot[]>,
): Violation[] {
  const found: Violation[] = [];
  const byId = new Map<string, Sent[]>();
  for (const sends of said.values()) {
    for (const sent of sends) if (sent.id !== '') byId.set(sent.id, [...(byId.get(sent.id) ?? []), sent]);
  }
  for (const dialogue of record.dialogues) {
    for (const { said: own, verb, args, at } of dialogue.utterances) {
      if (own || !verb.startsWith('ERR_') || verb === 'ERR_ROOMUNAVAILABLE' || args[0] !== 'CSEND') continue;
      const sends = byId.get(args[4] ?? '');
      const text = sends?.[0]?.text ?? '';
      const slots = filled.get(text) ?? [];
      const isReplaced = verb === 'ERR_SEQUENCEEXPIRED' && slots.every((slot) => hasAnotherEpoch(record, slot));
      if (sends?.length !== 1 || slots.length === 0 || isReplaced) continue;
      found.push(violation('O5', dialogue, at, `${verb} for ${args[4]}, which was delivered`));
    }
  }
  return found;
}

/** Whether its room had another epoch than that of a slot. */
function hasAnotherEpoch(record: Record, { room, epoch }: KnownSlot): boolean {
  return slotsOf(record)
    .values()
    .some((one) => one.room === room && one.epoch !== epoch);
}

/** Messages without numbers of their own, each said once, stand in the order in which they were said. */
function orders(
  record: Record,
  said: ReadonlyMap<string, Sent[]>,
  filled: ReadonlyMap<string, KnownSlot[]>,
): Violation[] {
  const found: Violation[] = [];
  for (const dialogue of record.dialogues) {
    const last = new Map<string, { seq: number; text: string }>();
    for (const { said: own, verb, args } of dialogue.utterances) {
      const text = args[0] ?? '';
      if (!own || verb !== 'CSEND' || (args[2] ?? '') !== '' || said.get(text)?.length !== 1) continue;
      const slot = filled.get(text)?.[0];
      if (slot === undefined) continue;
      const log = `${slot.room} ${slot.epoch}`;
      const before = last.get(log);
      if (before !== undefined && before.seq > slot.seq) {
        const what = `${before.text} stands in ${log} ${before.seq}, before ${text} in ${slot.seq}`;
        found.push(violation('O11', dialogue, slot.first.utterance.at, what));
      }
      last.set(log, { seq: slot.seq, text });
    }
  }
  return found;
}
