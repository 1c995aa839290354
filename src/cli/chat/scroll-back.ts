// What was said before the oldest line: asked for a page at a time by HISTORY, backwards, as far as the server keeps it.
// The server reads forwards and names its first slot only when asked, so a page that begins too early is asked for again
// from there. An epoch before this one is read when it is known which it was.

import { ClientError } from '../../client/client-error.ts';
import type { Lines } from '../../client/requests.ts';
import { readPage } from '../../client/sdk/history-page.ts';
import type { RoomMessage, Slot } from '../../client/sdk/room-types.ts';

/** Asks HISTORY of one room; an empty `from` is the first slot that is kept. */
export type AskHistory = (epoch: string, from: string, count: string) => Promise<Lines>;

export interface Found {
  /** In their order. */
  readonly messages: readonly RoomMessage[];
  /** Everything before it was not read; undefined: there is nothing before. */
  readonly reached: Slot | undefined;
  /** Nothing was said in the room before; otherwise it is kept no longer, or cannot be asked for. */
  readonly isBeginning: boolean;
}

const PAGE = 200;
/** The first slot that is kept moves on while we ask for it. */
const TRIES = 4;

/**
 * Reads the page before `slot`. `behindEpochBefore` is the slot behind the last one of the epoch before another, where
 * that is known. Rejects as `ask` does, but for what is kept no longer.
 */
export async function readBefore(
  slot: Slot,
  ask: AskHistory,
  behindEpochBefore: (epoch: string) => Slot | undefined,
): Promise<Found> {
  const { epoch } = slot;
  let first = 1;
  for (let tries = 0; tries < TRIES && first < slot.seq; tries++) {
    const from = Math.max(first, slot.seq - PAGE);
    const messages = await unlessGone(readRange(ask, epoch, from, slot.seq));
    if (messages !== undefined) {
      const reached = from > first ? { epoch, seq: from } : behindEpochBefore(epoch);
      return { messages, reached, isBeginning: from === 1 };
    }
    const kept = await unlessGone(firstKept(ask, epoch));
    if (kept === undefined) break;
    first = Math.max(first, kept);
  }
  return { messages: [], reached: behindEpochBefore(epoch), isBeginning: slot.seq <= 1 };
}

/** Messages of one epoch from `from` to before `end`; a server may give fewer at a time than were asked for. */
async function readRange(ask: AskHistory, epoch: string, from: number, end: number): Promise<RoomMessage[]> {
  const messages: RoomMessage[] = [];
  for (let at = from; at < end; ) {
    const lines = await ask(epoch, String(at), String(end - at));
    const page = readPage(lines, { epoch, seq: at - 1 });
    messages.push(...page.messages.filter((each) => each.epoch === epoch && each.seq < end));
    if (page.next.epoch !== epoch || page.next.seq <= at) break;
    at = page.next.seq;
  }
  return messages;
}

async function firstKept(ask: AskHistory, epoch: string): Promise<number | undefined> {
  const { first } = readPage(await ask(epoch, '', '1'), undefined);
  return first.epoch === epoch ? first.seq : undefined;
}

async function unlessGone<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ClientError && error.code === 'ERR_SEQUENCEGONE') return undefined;
    throw error;
  }
}
