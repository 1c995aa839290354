// Holds: why the input of a connection waits, and whose goes on with the next flush. A connection reads on when every
// reason is gone, and never at once: whoever takes a hold back may still be in the middle of a command.

import { type Connection, HELD_UNTIL_FLUSH } from './connection.ts';
import type { Ports } from './ports.ts';

export class Holds {
  readonly #ports: Pick<Ports, 'pause' | 'resume'>;
  /** Asks for the flush after which take() is called. */
  readonly #wake: () => void;
  readonly #resumed = new Set<Connection>();

  constructor(ports: Pick<Ports, 'pause' | 'resume'>, wake: () => void) {
    this.#ports = ports;
    this.#wake = wake;
  }

  hold(connection: Connection, why: number): void {
    if (connection.held === 0) this.#ports.pause(connection.id);
    connection.held |= why;
  }

  release(connection: Connection, why: number): void {
    if ((connection.held & why) === 0) return;
    connection.held &= ~why;
    if (connection.held !== 0) return;
    connection.held = HELD_UNTIL_FLUSH;
    this.#resumed.add(connection);
    this.#wake();
  }

  /** Takes those whose input goes on now. */
  take(): Connection[] {
    if (this.#resumed.size === 0) return [];
    const resumed = [...this.#resumed];
    this.#resumed.clear();
    return resumed.filter((connection) => {
      connection.held &= ~HELD_UNTIL_FLUSH;
      if (connection.held !== 0 || connection.closingAt !== 0) return false;
      this.#ports.resume(connection.id);
      return true;
    });
  }

  /** It is gone, or about to be. */
  forget(connection: Connection): void {
    this.#resumed.delete(connection);
  }
}
