// A loop over what is given out one by one, that can be left at any time: also while it waits, when a generator by itself
// would hear of it only with the next value.

import { aborted } from './bell.ts';

/** Where a loop reads. */
export interface LoopSource<T> {
  /** The loop is begun: its first value is asked for. What this throws is thrown there. */
  begin(): void;
  /** The next value; undefined when there will be none. `signal` ends the waiting, with a rejection. */
  next(signal: AbortSignal): Promise<T | undefined>;
  /** The loop is over, or was left before it began. Called again, it does nothing. */
  end(): void;
}

/** Loops over `source`. With `signal` the loop ends with ABORTED; who leaves it ends it quietly. */
export function loopOver<T>(source: LoopSource<T>, signal?: AbortSignal): AsyncGenerator<T, void, undefined> {
  const over = new AbortController();
  let left = false;
  const stop = (): void => over.abort();
  async function* read(): AsyncGenerator<T, void, undefined> {
    source.begin();
    signal?.addEventListener('abort', stop);
    try {
      for (;;) {
        if (signal?.aborted) throw aborted();
        const value = await source.next(over.signal);
        if (value === undefined) return;
        yield value;
      }
    } catch (error) {
      if (!left) throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
      source.end();
    }
  }
  const loop = read();
  const leave = loop.return.bind(loop);
  loop.return = (value) => {
    left = true;
    stop();
    source.end();
    return leave(value);
  };
  return loop;
}
