// O8: a reservation is one client's alone, is filled by nobody else, and ends within its time, whatever becomes of its
// holder.

import type { Record } from '../record.ts';
import type { Violation } from '../violation.ts';
import { auditOf, type Checker, keyOf, slotsOf, speakersOf, violation } from './checker.ts';
import { readingOf } from './reading.ts';

/** What timers and the way to a prompt reader take. */
const GRACE_MS = 60;

export const reservations: Checker = {
  name: 'reservations',
  check(record) {
    const found: Violation[] = [];
    const holders = new Map<string, string>();
    const speakers = speakersOf(record);
    const slots = slotsOf(record);
    const audits = auditOf(record);
    const earliest = earliestForPrompt(record);
    for (const dialogue of record.dialogues) {
      for (const { said, verb, args, at, order } of dialogue.utterances) {
        if (said || verb !== 'NEWSEQUENCE') continue;
        const room = dialogue.room(args[0] ?? '');
        const [, epoch = '', seq = '', ttl = ''] = args;
        const key = keyOf(room, epoch, Number(seq));
        const holder = holders.get(key);
        if (holder !== undefined && holder !== dialogue.name) {
          found.push(violation('O8', dialogue, at, `${key} was given to ${holder} too`));
        }
        holders.set(key, dialogue.name);
        if (Number(ttl) > record.facts.ttlMs) {
          found.push(violation('O8', dialogue, at, `${key} is to live ${ttl} ms, longer than any may`));
        }
        const slot = slots.get(key);
        const text = slot?.message?.text;
        if (text !== undefined && !(speakers.get(text)?.has(dialogue.name) ?? false)) {
          found.push(violation('O8', dialogue, at, `${key} was filled by somebody else: ${text}`));
        }
        const audit = audits.get(room);
        if (slot === undefined && audit?.epoch === epoch && Number(seq) >= audit.floor) {
          found.push(violation('O8', dialogue, at, `${key} was reserved and never decided`));
        }
        const heard = earliest(room, epoch, Number(seq), order);
        const due = at + Number(ttl) + record.facts.slackMs + GRACE_MS;
        if (heard !== undefined && heard > due) {
          found.push(violation('O8', dialogue, at, `${key} ended ${heard - at} ms after it was given for ${ttl} ms`));
        }
      }
    }
    return found;
  },
};

/** When a prompt reader heard of a slot, if one was in its room already at `since` and stayed. */
function earliestForPrompt(record: Record) {
  const readings = record.dialogues.filter(({ prompt }) => prompt).map(readingOf);
  return (room: string, epoch: string, seq: number, since: number): number | undefined => {
    for (const { arrivals } of readings) {
      const arrival = arrivals.find((one) => one.seq === seq && one.room === room && one.epoch === epoch);
      const stay = arrival?.stay;
      if (arrival !== undefined && stay !== undefined && stay.from < since && !stay.lagged) return arrival.utterance.at;
    }
    return undefined;
  };
}
