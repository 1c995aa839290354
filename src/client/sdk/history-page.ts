// A page of history: what the server answered to one HISTORY, cleaned of the live messages that came in between.

import { compareEpochs } from '../../wire/names.ts';
import { readNumber } from '../frames.ts';
import type { Lines } from '../requests.ts';
import type { RoomMessage, Slot } from './room-types.ts';

export interface HistoryPage {
  readonly messages: readonly RoomMessage[];
  /** The first slot that the page tells of, be it skipped. */
  readonly first: Slot;
  /** The slot behind the last one. */
  readonly next: Slot;
}

/** Reads the lines that answered HISTORY from behind `since`, or from what is kept. */
export function readPage(lines: Lines, since: Slot | undefined): HistoryPage {
  const [room = '', epoch = '', nextText] = lines.at(-1) ?? [];
  const next = { epoch, seq: readNumber(nextText) ?? 0 };
  const slots = new Map<string, readonly string[]>();
  for (const line of lines.slice(0, -1)) {
    const slot = slotOf(line);
    const asked = since === undefined || compareSlots(slot, since) > 0;
    if (asked && compareSlots(slot, next) < 0) slots.set(`${slot.epoch} ${slot.seq}`, line);
  }
  const inOrder = [...slots.values()].sort((a, b) => compareSlots(slotOf(a), slotOf(b)));
  const first = inOrder[0] === undefined ? next : slotOf(inOrder[0]);
  return { messages: inOrder.filter(({ length }) => length >= 6).map((line) => messageOf(room, line)), first, next };
}

/** Negative, 0 or positive as slot `a` is before, the same as, or after `b`. */
export function compareSlots(a: Slot, b: Slot): number {
  return a.epoch === b.epoch ? a.seq - b.seq : compareEpochs(a.epoch, b.epoch);
}

function slotOf([, epoch = '', seq]: readonly string[]): Slot {
  return { epoch, seq: readNumber(seq) ?? 0 };
}

function messageOf(room: string, line: readonly string[]): RoomMessage {
  const [, , , nick = '', time, text = '', id = ''] = line;
  return { room, ...slotOf(line), nick, time: readNumber(time) ?? 0, text, id };
}
