// O2: whoever stays in a room gets every slot from the one that was promised, or is told what was lost. O10: who comes
// back gets what it missed, nothing of what it had, and is told whether that was possible. O6: nothing comes twice that
// was not asked for.

import type { Dialogue, Record } from '../record.ts';
import type { Violation } from '../violation.ts';
import { auditOf, type Checker, keyOf, slotsOf, violation } from './checker.ts';
import { isAfter, readingOf, type Stay } from './reading.ts';

const SHOWN = 8;

export const gaps: Checker = {
  name: 'gaps',
  check(record) {
    return record.dialogues.flatMap((dialogue) => [
      ...missing(record, dialogue),
      ...repeats(record, dialogue),
      ...(isShared(record) ? turns(record, dialogue) : welcomes(dialogue)),
    ]);
  },
};

/** Who was there at the end has everything up to the end. */
function missing(record: Record, dialogue: Dialogue): Violation[] {
  if (!dialogue.settled || dialogue.isAuditor) return auditorGaps(record, dialogue);
  const audits = auditOf(record);
  const found: Violation[] = [];
  for (const stay of readingOf(dialogue).stays) {
    const audit = audits.get(stay.room);
    if (stay.until !== Number.POSITIVE_INFINITY || audit === undefined) continue;
    if (audit.epoch !== stay.epoch) {
      if (!isShared(record) || stay.lagged) continue;
      const what = `is in ${stay.epoch} of ${stay.room}, long after all is quiet, and others are in ${audit.epoch}`;
      found.push(violation('O9', dialogue, record.facts.calmAt, what));
      continue;
    }
    const lacking = lacks(stay, audit.next);
    if (lacking.length === 0) continue;
    const invariant = stay.position !== undefined && (lacking[0] as number) <= stay.position + 40 ? 'O10' : 'O2';
    const what = `never heard of ${stay.room} ${stay.epoch}: ${lacking.slice(0, SHOWN).join(' ')} (${lacking.length})`;
    found.push(violation(invariant, dialogue, record.facts.calmAt, what));
  }
  return found;
}

function lacks(stay: Stay, next: number): number[] {
  const lacking: number[] = [];
  for (let seq = stay.base; seq < next; seq++) if (!stay.seen.has(seq) && !stay.lost.has(seq)) lacking.push(seq);
  return lacking;
}

/** The auditor reads all that is kept: no slot between floor and next is missing, and nothing is decided above. */
function auditorGaps(record: Record, dialogue: Dialogue): Violation[] {
  if (!dialogue.isAuditor) return [];
  const found: Violation[] = [];
  const { arrivals, stays } = readingOf(dialogue);
  for (const [room, { epoch, next, floor }] of auditOf(record)) {
    if (!stays.some((stay) => stay.room === room)) continue;
    const seqs = new Set(arrivals.filter((one) => one.room === room && one.epoch === epoch).map(({ seq }) => seq));
    const lacking: number[] = [];
    const first = isShared(record) ? firstOf(record, room, epoch) : 0;
    for (let seq = Math.max(floor, first); seq < next; seq++) if (!seqs.has(seq)) lacking.push(seq);
    if (lacking.length > 0) {
      const what = `${room} keeps ${floor} to ${next - 1}, but HISTORY lacks ${lacking.slice(0, SHOWN).join(' ')}`;
      found.push(violation('O2', dialogue, record.facts.calmAt, what));
    }
    for (const known of slotsOf(record).values()) {
      if (known.room !== room || known.epoch !== epoch || known.seq < next) continue;
      const what = `slot ${known.seq} of ${room} is decided, but ${next} is not, long after all is quiet`;
      found.push(violation('O8', dialogue, record.facts.calmAt, what));
    }
  }
  return found;
}

function isShared({ facts }: Record): boolean {
  return facts.rooms === 'shared' && facts.servers > 1;
}

/** The lowest number of an epoch that anybody heard of; what came before it belongs to others. */
function firstOf(record: Record, room: string, epoch: string): number {
  let first = Number.POSITIVE_INFINITY;
  for (const known of slotsOf(record).values()) {
    if (known.room === room && known.epoch === epoch) first = Math.min(first, known.seq);
  }
  return first;
}

/** O7: epochs follow each other, in rising numbers; O3: what anybody has of one that ended, all its readers have. */
function turns(record: Record, dialogue: Dialogue): Violation[] {
  const found: Violation[] = [];
  const reading = readingOf(dialogue);
  for (const { heard, epoch, next, old, stay } of reading.turns) {
    const fail = (invariant: string, what: string): void => {
      found.push(violation(invariant, dialogue, heard.at, `EPOCH ${heard.args.join()}: ${what}`));
    };
    if (stay === undefined) fail('O2', 'came outside of the room');
    else if (!isAfter(epoch, stay.epoch)) {
      if (!stay.replays) fail('O7', `came in epoch ${stay.epoch}`);
    } else {
      const most = Math.max(0, ...stay.seen);
      if (next <= most) fail('O7', `${most} was read before`);
      if (old !== stay.epoch && !stay.lagged) fail('O7', `came in epoch ${stay.epoch}`);
    }
  }
  for (const stay of reading.stays) {
    const had = stay.closedAt === undefined || stay.replays ? undefined : hadOf(record).get(wayOf(stay));
    const lacking = [...(had ?? [])].filter((seq) => seq >= stay.base && !stay.seen.has(seq) && !stay.lost.has(seq));
    if (lacking.length === 0) continue;
    const at = dialogue.utterances.find(({ order }) => order === stay.until)?.at ?? record.facts.calmAt;
    const what = `${stay.room} ${stay.epoch} ended at ${stay.closedAt}, and others have ${lacking.slice(0, SHOWN).join(' ')} (${lacking.length})`;
    found.push(violation('O3', dialogue, at, what));
  }
  return found;
}

const had = new WeakMap<Record, Map<string, Set<number>>>();

/** How a stay went on from an epoch: those who went the same way had the same of it. */
function wayOf({ room, epoch, closedAt, turnedTo }: Stay): string {
  return `${room} ${epoch} ${turnedTo} ${closedAt}`;
}

/** Way → all slots that anybody who went it had. */
function hadOf(record: Record): Map<string, Set<number>> {
  const before = had.get(record);
  if (before !== undefined) return before;
  const all = new Map<string, Set<number>>();
  for (const dialogue of record.dialogues) {
    for (const stay of readingOf(dialogue).stays) {
      if (stay.closedAt === undefined || stay.replays) continue;
      const way = all.get(wayOf(stay)) ?? new Set();
      all.set(wayOf(stay), way);
      for (const seq of stay.seen) if (seq <= stay.closedAt) way.add(seq);
    }
  }
  had.set(record, all);
  return all;
}

function repeats(record: Record, dialogue: Dialogue): Violation[] {
  const found: Violation[] = [];
  const known = slotsOf(record);
  for (const { stay, repeated, asked, room, epoch, seq, utterance } of readingOf(dialogue).arrivals) {
    const where = `slot ${seq} of ${room} ${epoch}`;
    if (stay === undefined) {
      found.push(violation('O2', dialogue, utterance.at, `${where} came outside of the room`));
    } else if (stay.epoch !== epoch && !asked) {
      found.push(violation('O7', dialogue, utterance.at, `${where} came in epoch ${stay.epoch}`));
    } else if (repeated && !asked) {
      const below = seq < stay.base;
      // A copy that is behind its reader's position catches up under the reader's eyes.
      if (below && stay.isAhead && isShared(record)) continue;
      // A position may have been beyond slots that were not decided yet: those come.
      const first = known.get(keyOf(room, epoch, seq))?.first.utterance.order ?? 0;
      if (below && first > stay.askedAt) continue;
      const invariant = below ? 'O10' : 'O6';
      found.push(
        violation(invariant, dialogue, utterance.at, `${where} came ${below ? 'though it was had' : 'twice'}`),
      );
    }
  }
  return found;
}

/** `recovered` is said exactly when it is so. */
function welcomes(dialogue: Dialogue): Violation[] {
  const found: Violation[] = [];
  for (const { said, heard } of readingOf(dialogue).welcomes) {
    const [room = '', , , epoch = '', next = '', floor = '', recovered = ''] = heard.args;
    const [asked = '', position = '', last = ''] = said.args;
    if (dialogue.room(asked) !== dialogue.room(room)) {
      found.push(violation('ANSWER', dialogue, heard.at, `JOINROOM ${asked} was answered with ${room}`));
      continue;
    }
    const due = position === '' ? '' : position === epoch && Number(last) + 1 >= Number(floor) ? '1' : '0';
    if (recovered !== due) {
      const what = `joined ${room} at ${position} ${last}, floor ${floor}: recovered is "${recovered}", not "${due}"`;
      found.push(violation('O10', dialogue, heard.at, what));
    }
    if (Number(next) < 1 || Number(floor) < 1) {
      found.push(violation('O2', dialogue, heard.at, `${room}: next ${next}, floor ${floor}`));
    }
  }
  return found;
}
