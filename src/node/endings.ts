// Endings: connections that read nothing any more and end as soon as they have taken what was said to them. Who ends,
// and why, is decided before; this file only sees each of them out, gently, or at once.

import type { Connection } from './connection.ts';
import type { Flusher } from './flusher.ts';
import type { Ports } from './ports.ts';

/** What a connection may send behind its end: a megabyte takes the loop less than a millisecond. */
const MOST_LATE_BYTES = 1024 * 1024;

export class Endings {
  readonly #ports: Pick<Ports, 'pause' | 'resume' | 'end' | 'terminate'>;
  readonly #flusher: Flusher;
  readonly #ending = new Set<Connection>();

  constructor(ports: Pick<Ports, 'pause' | 'resume' | 'end' | 'terminate'>, flusher: Flusher) {
    this.#ports = ports;
    this.#flusher = flusher;
  }

  /** From `now` on nothing of it is read, and it ends when its outbox is empty. */
  begin(connection: Connection, now: number): void {
    connection.closingAt = now;
    connection.session = undefined;
    connection.backlog = undefined;
    this.#flusher.publish();
    connection.outbox.unsubscribeAll();
    // A socket that is not read would not tell that its peer has ended.
    if (connection.held !== 0) this.#ports.resume(connection.id);
    this.#ending.add(connection);
  }

  /** It goes on sending `bytes`. A little is thrown away, so that its end is noticed; then nothing is read any more. */
  heard(connection: Connection, bytes: number): void {
    connection.lateBytes += bytes;
    if (connection.lateBytes > MOST_LATE_BYTES) this.#ports.pause(connection.id);
  }

  /** Ends all that have taken everything. */
  settle(): void {
    for (const connection of this.#ending) this.settleOne(connection);
  }

  settleOne(connection: Connection): void {
    // Who never took a byte cannot be told yet: with TLS that is a handshake away, and may be for ever.
    const { blocked, written } = connection.outbox;
    if (blocked && written === 0) return this.terminate(connection);
    if (!connection.outbox.empty || !this.#ending.delete(connection)) return;
    connection.outbox.close();
    this.#ports.end(connection.id, !connection.refused, connection.ending, connection.parting);
  }

  /** Ends it at once, whatever it has not taken. */
  terminate(connection: Connection): void {
    this.#ending.delete(connection);
    connection.outbox.close();
    this.#ports.terminate(connection.id);
  }

  /** It is gone. */
  forget(connection: Connection): void {
    this.#ending.delete(connection);
  }
}
