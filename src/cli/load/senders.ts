// When a crowd sends. In an open loop by a schedule, whatever becomes of what was sent before; in a closed loop as soon
// as an answer came, so many at a time for each publisher: what it comes to is the most that these servers take from so
// many. Both resolve when the last message was sent.

import type { Crowd } from './crowd.ts';
import type { Schedule } from './schedule.ts';

const TICK_MS = 1;
/** At most so many messages in a row before what comes in is looked at. */
const MOST_AT_ONCE = 2_000;
/** Who was refused in a closed loop waits so long, or would do nothing but ask. */
const REFUSED_MS = 100;

/** Sends every message at its time, from now on; ends when the schedule does, or when `signal` says so. */
export async function sendOnTime(crowd: Pick<Crowd, 'send'>, schedule: Schedule, signal: AbortSignal): Promise<void> {
  const startedAt = performance.now();
  let next = 0;
  while (next < schedule.messages && !signal.aborted) {
    const due = schedule.dueBy(performance.now() - startedAt);
    const until = Math.min(due, next + MOST_AT_ONCE);
    while (next < until) void crowd.send(startedAt + schedule.dueAt(next++));
    if (until < due) await new Promise((resolve) => setImmediate(resolve));
    else await ended(Math.max(startedAt + schedule.dueAt(next) - performance.now(), TICK_MS), signal);
  }
}

export interface ClosedLoop {
  /** Messages that each publisher has on their way. */
  readonly window: number;
  readonly seconds: number;
  /** Publishers begin one after the other, over so many seconds. */
  readonly rampSeconds: number;
  /** It ends after so many, too. */
  readonly mostMessages: number;
}

/** Keeps so many messages on their way for so long; ends then, or when `signal` says so. */
export async function sendOnAnswer(crowd: Crowd, loop: ClosedLoop, signal: AbortSignal): Promise<void> {
  const { window, seconds, rampSeconds, mostMessages } = loop;
  const startedAt = performance.now();
  const endsAt = startedAt + seconds * 1_000;
  const { publishers } = crowd;
  const keep = async (publisher: number): Promise<void> => {
    await Bun.sleep((publisher / publishers) * rampSeconds * 1_000);
    while (performance.now() < endsAt && !signal.aborted && crowd.ledger.sent < mostMessages) {
      if (!(await crowd.send(performance.now(), publisher))) await Bun.sleep(REFUSED_MS);
    }
  };
  const sending = Array.from({ length: publishers * window }, (_, i) => keep(Math.floor(i / window)));
  // Who waits for an answer of the last messages is waited for by the drain, with its own patience.
  await Promise.race([Promise.all(sending), ended(endsAt - startedAt, signal)]);
}

/** Resolves after so many ms, or when `signal` says so. */
function ended(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', over);
      resolve();
    };
    const timer = setTimeout(over, ms);
    if (signal.aborted) over();
    else signal.addEventListener('abort', over, { once: true });
  });
}

/** Cuts `perSecond` connections a second, evenly, until `signal` says so. */
export function churn(crowd: Crowd, perSecond: number, signal: AbortSignal): void {
  if (perSecond <= 0) return;
  const startedAt = performance.now();
  let done = 0;
  const timer = setInterval(
    () => {
      const due = Math.floor(((performance.now() - startedAt) * perSecond) / 1_000);
      for (; done < due; done++) crowd.cut();
    },
    Math.min(Math.max(1_000 / perSecond, 5), 250),
  );
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}
