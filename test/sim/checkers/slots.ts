// O1, O3, O4: a slot has one content, whoever hears it and whenever; and once somebody has heard it, nobody is told
// any more that it is pending. O7: on one connection the epochs of a room never go down.

import type { Dialogue, Record } from '../record.ts';
import type { Violation } from '../violation.ts';
import { type Checker, keyOf, slotOf, slotsOf, violation } from './checker.ts';

export const slots: Checker = {
  name: 'slots',
  check(record) {
    return record.dialogues.flatMap((dialogue) => [
      ...contents(record, dialogue),
      ...pendings(record, dialogue),
      ...(record.facts.rooms === 'own' ? epochs(dialogue) : []),
    ]);
  },
};

function contents(record: Record, dialogue: Dialogue): Violation[] {
  const found: Violation[] = [];
  const known = slotsOf(record);
  for (const utterance of dialogue.utterances) {
    const heard = slotOf(dialogue, utterance);
    if (heard === undefined) continue;
    if (!Number.isInteger(heard.seq) || heard.seq < 1) {
      found.push(violation('O1', dialogue, utterance.at, `a slot ${heard.seq} in ${heard.log}`));
      continue;
    }
    const { first } = known.get(keyOf(heard.room, heard.epoch, heard.seq)) ?? { first: heard };
    if (isSame(first.utterance.args, utterance.args) && first.utterance.verb === utterance.verb) continue;
    const invariant = first.dialogue === dialogue ? 'O4' : first.utterance.verb === utterance.verb ? 'O1' : 'O4';
    const what = `slot ${heard.seq} of ${heard.log} is ${show(utterance)} and was ${show(first.utterance)} for ${first.dialogue.name}`;
    found.push(violation(invariant, dialogue, utterance.at, what));
  }
  return found;
}

function show({ verb, args }: { readonly verb: string; readonly args: readonly string[] }): string {
  return `<${[verb, ...args].join(',')}>`;
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((arg, i) => arg === b[i]);
}

/** A slot that somebody had heard before the question was asked is not pending. */
function pendings(record: Record, dialogue: Dialogue): Violation[] {
  const found: Violation[] = [];
  const known = slotsOf(record);
  const asked = new Map<string, number>();
  for (const { said, verb, args, at, order } of dialogue.utterances) {
    const key = keyOf(dialogue.room(args[0] ?? ''), args[1] ?? '', Number(args[2]));
    if (said && verb === 'FINDSEQUENCE') {
      if (!asked.has(key)) asked.set(key, order);
    } else if (!said && verb === 'RPL_PENDING') {
      const first = known.get(key)?.first;
      const since = asked.get(key) ?? 0;
      const isHere = record.facts.rooms === 'own' || first?.dialogue.server === dialogue.server;
      if (first !== undefined && isHere && first.utterance.order < since) {
        found.push(violation('O4', dialogue, at, `${key} is pending after ${first.dialogue.name} heard it`));
      }
      if (Number(args[3]) > Math.max(record.facts.ttlMs, 100)) {
        found.push(
          violation('O8', dialogue, at, `${key} is pending for ${args[3]} ms, longer than a reservation lives`),
        );
      }
    }
  }
  return found;
}

function epochs(dialogue: Dialogue): Violation[] {
  const found: Violation[] = [];
  const newest = new Map<string, string>();
  for (const utterance of dialogue.utterances) {
    const { said, verb, args, at } = utterance;
    const isWelcome = verb === 'RPL_WELCOME' && args[0] !== '*';
    if (said || (!isWelcome && slotOf(dialogue, utterance) === undefined)) continue;
    const room = dialogue.room(args[0] ?? '');
    const epoch = (isWelcome ? args[3] : args[1]) ?? '';
    const before = newest.get(room);
    if (before !== undefined && millis(epoch) < millis(before)) {
      found.push(violation('O7', dialogue, at, `epoch ${epoch} of ${room} after ${before}`));
    } else newest.set(room, epoch);
  }
  return found;
}

function millis(epoch: string): number {
  return Number.parseInt(epoch.split('.')[0] ?? '', 36);
}
