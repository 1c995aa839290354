// What should happen sometimes between servers, as it shows in the frames on their links, in what clients hear of it, and
// in the faults that were drawn: how state was caught up with, and what became of rooms whose home was lost.

import { isAfter } from './checkers/reading.ts';
import type { Dialogue, Record, Utterance } from './record.ts';
import type { Sometimes } from './sometimes.ts';

/** As it was said by the server that a ROUTE came from. */
interface Routed {
  readonly from: string;
  readonly to: string;
  readonly frame: Utterance;
}

/** The ttl with which a ROUTE begins. */
const FRESH = '32';
/** A split that clients are told of is told of within this time, in ms. */
const TOLD_MS = 10_000;

export function countServers(record: Record, sometimes: Sometimes): void {
  for (const dialogue of record.dialogues) countLostNumbers(dialogue, sometimes);
  countResends(record, sometimes);
  if (record.facts.servers === 1) return;
  countCatchingUp(record, sometimes);
  countRooms(record, sometimes);
  countHiddenSplits(record, sometimes);
}

/** Who had an origin up to some position and was given all of it: the facts between were kept no longer. */
function countCatchingUp({ links }: Record, sometimes: Sometimes): void {
  for (const tap of links) {
    const wanted = new Set<string>();
    const both = [...tap.utterances, ...(tap.otherEnd?.utterances ?? [])];
    const answers = new Set(tap.utterances);
    for (const utterance of both.sort((a, b) => a.order - b.order)) {
      const { verb, args } = utterance;
      const life = `${args[0]} ${args[1]}`;
      if (!answers.has(utterance)) {
        if (verb === 'WANT' && args[2] !== '0') wanted.add(life);
      } else if (verb === 'SNAPSHOT' && wanted.delete(life)) sometimes.count('snapshot instead of facts');
    }
  }
}

function countRooms(record: Record, sometimes: Sometimes): void {
  const merged = new Set<string>();
  const last = new Map<string, Utterance>();
  for (const { from, to, frame } of routedOf(record)) {
    const { verb, args } = frame;
    const [room = '', epoch = ''] = args;
    if (verb === 'HANDOVER') sometimes.count('hand-over');
    if (verb === 'OPENED' && tailsOf(frame) > 1 && !merged.has(`${room} ${epoch}`)) {
      merged.add(`${room} ${epoch}`);
      sometimes.count('merge of two branches');
    }
    const told = last.get(`${to} ${from} ${room}`);
    if (verb === 'SEALED' && isStream(told) && isAfter(epoch, told.args[1] ?? '')) {
      sometimes.count('stale home fenced');
    }
    last.set(`${from} ${to} ${room}`, frame);
  }
}

function isStream(frame: Utterance | undefined): frame is Utterance {
  return frame?.verb === 'STREAM' || frame?.verb === 'OPENED';
}

/** How many tails of an OPENED have entries. */
function tailsOf({ args }: Utterance): number {
  let tails = 0;
  for (let i = 6; i + 3 < args.length; i += 4) if (Number(args[i + 2]) >= Math.max(1, Number(args[i + 1]))) tails++;
  return tails;
}

/** What servers said to one another in ROUTEs, in order, each where it was said first. */
function routedOf({ links }: Record): Routed[] {
  const routed: Routed[] = [];
  for (const { utterances, server } of links) {
    let left = 0;
    let to = '';
    for (const frame of utterances) {
      const { verb, args } = frame;
      if (left > 0) {
        left--;
        if (to !== '') routed.push({ from: String(server + 1), to, frame });
      } else if (verb === 'ROUTE') {
        left = Number(args[3]);
        to = args[2] === FRESH && args[1] === String(server + 1) ? (args[0] ?? '') : '';
      }
    }
  }
  return routed.sort((a, b) => a.frame.order - b.frame.order);
}

/** Numbers that were held, and not decided yet, when their room went on in another epoch. */
function countLostNumbers(dialogue: Dialogue, sometimes: Sometimes): void {
  const held = new Map<string, { readonly epoch: string; readonly seqs: Map<string, number> }>();
  for (const { said, verb, args, at } of dialogue.utterances) {
    if (said) continue;
    const [name = '', epoch = '', seq = '', ttl = ''] = args;
    const room = dialogue.room(name);
    const { epoch: current, seqs } = held.get(room) ?? { epoch: '', seqs: new Map<string, number>() };
    if (verb === 'NEWSEQUENCE') {
      const mine = current === epoch ? seqs : new Map<string, number>();
      held.set(room, { epoch, seqs: mine.set(seq, at + Number(ttl)) });
    } else if (verb === 'EPOCH' && args[3] === current) {
      held.delete(room);
      if ([...seqs.values()].some((until) => at < until)) sometimes.count('fail-over with an open reservation');
    } else if ((verb === 'CMSG' || verb === 'SKIPSEQUENCE') && epoch === current) seqs.delete(seq);
  }
}

/** Messages whose sender lost its connection, or was told that nobody knows, and that were answered when said again. */
function countResends({ dialogues }: Record, sometimes: Sometimes): void {
  const unknown = new Set<string>();
  const again = new Set<string>();
  for (const { utterances, ended } of dialogues) {
    const waiting = new Set<string>();
    for (const { said, verb, args } of utterances) {
      const id = args[said || verb === 'RPL_SENT' ? 3 : 4] ?? '';
      if (id === '') continue;
      if (said && verb === 'CSEND') {
        if (unknown.has(id)) again.add(id);
        waiting.add(id);
      } else if (!said && verb === 'ERR_ROOMUNAVAILABLE' && args[0] === 'CSEND') unknown.add(id);
      else if (!said && verb === 'RPL_SENT') {
        waiting.delete(id);
        unknown.delete(id);
        if (again.delete(id)) sometimes.count('sent again after an unknown outcome');
      }
    }
    if (ended !== undefined) for (const id of waiting) unknown.add(id);
  }
}

/** Servers that lost their link by a cut and had it back before any client was told that somebody is gone. */
function countHiddenSplits({ cuts, links, dialogues }: Record, sometimes: Sometimes): void {
  const told = dialogues.flatMap(({ utterances }) => utterances.filter(isSplit).map(({ at }) => at));
  for (const { from, until, pairs } of cuts) {
    const end = until + TOLD_MS;
    if (told.some((at) => at >= from && at < end)) continue;
    const isBack = links.some(({ name, utterances: [first] }) => {
      return first !== undefined && first.at > from && first.at < end && pairs.some((pair) => name.endsWith(pair));
    });
    if (isBack) sometimes.count('split hidden from clients');
  }
}

function isSplit({ said, verb, args }: Utterance): boolean {
  return !said && verb === 'QUIT' && /^\S+\.sim \S+\.sim$/.test(args[1] ?? '');
}
