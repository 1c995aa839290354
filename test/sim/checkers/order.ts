// ORDER: what one connection gets is in its server's order of decision. All who are in a room get what is decided there
// in one order, and whoever was told that its message was accepted has it before the answer to a later question. Where
// the log commits at once, messages of all rooms come in the order of their times.

import type { Dialogue, Record } from '../record.ts';
import type { Violation } from '../violation.ts';
import { BEGINNING } from '../world.ts';
import { type Checker, keyOf, messageOf, violation } from './checker.ts';
import { type Arrival, readingOf } from './reading.ts';

export const order: Checker = {
  name: 'order',
  check(record) {
    const reference = referenceOf(record);
    return record.dialogues.flatMap((dialogue) => [
      ...(record.facts.rooms === 'own' ? own(dialogue) : []),
      // By other clocks there is no telling what was decided before its reader came.
      ...(record.facts.trueClocks ? agreement(dialogue, reference) : []),
      ...(record.facts.instantLog && record.facts.trueClocks && record.facts.rooms === 'own' ? times(dialogue) : []),
    ]);
  },
};

/** A message that was accepted is here, or was said to be lost, when a later PING is answered. */
function own(dialogue: Dialogue): Violation[] {
  const found: Violation[] = [];
  const { arrivals, stays } = readingOf(dialogue);
  const came = new Map<string, number>();
  for (const { room, epoch, seq, utterance } of arrivals) {
    const key = keyOf(room, epoch, seq);
    if (!came.has(key)) came.set(key, utterance.order);
  }
  let owed: { key: string; room: string; epoch: string; seq: number; order: number }[] = [];
  for (const { said, verb, args, order: at, at: ms } of dialogue.utterances) {
    if (said) continue;
    const [name = '', epoch = '', seq = ''] = args;
    const room = dialogue.room(name);
    if (verb === 'RPL_SENT')
      owed.push({ key: keyOf(room, epoch, Number(seq)), room, epoch, seq: Number(seq), order: at });
    if (verb !== 'PONG') continue;
    for (const one of owed) {
      const stay = stays.find((each) => each.room === one.room && each.from < one.order && each.until > at);
      if (stay === undefined || stay.epoch !== one.epoch || one.seq < stay.firstBase || stay.lost.has(one.seq))
        continue;
      const here = came.get(one.key);
      // Whoever was cut off may have missed the word that it was lost.
      if (here === undefined ? dialogue.settled : here > at) {
        found.push(violation('ORDER', dialogue, ms, `${one.key} was accepted, but is not here at a later PONG`));
      }
    }
    owed = [];
  }
  return found;
}

/** Room and epoch → slot → its place in the order of publication, as a prompt reader that missed nothing heard it. */
type Reference = ReadonlyMap<string, readonly number[]>;

function referenceOf(record: Record): Reference {
  const reference = new Map<string, number[]>();
  for (const dialogue of record.dialogues) {
    if (!dialogue.prompt) continue;
    const taken = new Map<unknown, number[]>();
    for (const arrival of readingOf(dialogue).arrivals) {
      const { stay } = arrival;
      if (stay === undefined || stay.lagged || !isLive(arrival)) continue;
      const seqs = taken.get(stay) ?? [];
      seqs.push(arrival.seq);
      taken.set(stay, seqs);
      const best = reference.get(arrival.log);
      if (best === undefined || best.length < seqs.length) reference.set(arrival.log, seqs);
    }
  }
  return reference;
}

/** Decided after its reader had come, and asked for by nobody. */
function isLive({ stay, repeated, asked, utterance }: Arrival): boolean {
  if (stay === undefined || repeated || asked) return false;
  const message = messageOf(utterance);
  return message === undefined || message.time - BEGINNING >= stay.welcomedAt;
}

/** What comes live comes in the order of the reference, and nothing between two slots is left out. */
function agreement(dialogue: Dialogue, reference: Reference): Violation[] {
  const found: Violation[] = [];
  const places = new Map<string, ReadonlyMap<number, number>>();
  const last = new Map<unknown, number>();
  const here = new Map<unknown, Set<number>>();
  for (const arrival of readingOf(dialogue).arrivals) {
    const { stay, log, seq, utterance } = arrival;
    const seqs = reference.get(log);
    if (stay === undefined || seqs === undefined) continue;
    const seen = here.get(stay) ?? new Set<number>();
    here.set(stay, seen.add(seq));
    // A skip has no time: it may have been decided before its reader came.
    if (!isLive(arrival) || utterance.verb !== 'CMSG') continue;
    const index = places.get(log) ?? new Map(seqs.map((one, i) => [one, i]));
    places.set(log, index);
    const place = index.get(seq);
    if (place === undefined) continue;
    const before = last.get(stay);
    last.set(stay, place);
    if (before === undefined) continue;
    if (place < before) {
      found.push(violation('ORDER', dialogue, utterance.at, `slot ${seq} of ${log} came behind ${seqs[before]}`));
      continue;
    }
    const left = seqs.slice(before, place).filter((one) => !seen.has(one) && !stay.lost.has(one) && one >= stay.base);
    if (left.length > 0) {
      const what = `slot ${seq} of ${log} came before ${left.slice(0, 8).join(' ')}, which others had before it`;
      found.push(violation('O2', dialogue, utterance.at, what));
    }
  }
  return found;
}

/** Messages decided after the last time that somebody joined or asked come in the order of their times. */
function times(dialogue: Dialogue): Violation[] {
  const found: Violation[] = [];
  let newest = 0;
  for (const arrival of readingOf(dialogue).arrivals) {
    const { stay, utterance, log, seq } = arrival;
    const message = messageOf(utterance);
    if (message === undefined || stay === undefined || stay.lagged || !isLive(arrival)) continue;
    if (message.time < newest) {
      const what = `slot ${seq} of ${log}, decided ${newest - message.time} ms before what came ahead of it`;
      found.push(violation('ORDER', dialogue, utterance.at, what));
    }
    newest = Math.max(newest, message.time);
  }
  return found;
}
