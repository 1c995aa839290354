// A bell: whoever waits for news is woken when it rings, or when the signal that came along ends the waiting. It keeps
// nothing: who comes after it rang waits for the next time.

import { ClientError } from '../client-error.ts';

export class Bell {
  readonly #waiting = new Set<() => void>();

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  ring(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** Resolves at the next ring; rejects with ABORTED when `signal` ends the waiting. */
  wait(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(aborted());
      const over = (): void => {
        this.#waiting.delete(wake);
        signal?.removeEventListener('abort', abort);
      };
      const wake = (): void => {
        over();
        resolve();
      };
      const abort = (): void => {
        over();
        reject(aborted());
      };
      this.#waiting.add(wake);
      signal?.addEventListener('abort', abort);
    });
  }
}

/** What a signal makes of waiting. */
export function aborted(): ClientError {
  return new ClientError('ABORTED', 'given up while waiting');
}
