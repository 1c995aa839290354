// Input: what a client's connection has sent, read frame by frame where it lies and given to chat. Reading stops while
// a command of the connection waits, and goes on with what came meanwhile. Who is not registered may send so many bytes
// and no more; bytes that are in no good frame are counted and have their price. It knows no sockets and ends nothing
// itself.

import { NEW, type Session } from '../chat/session.ts';
import { BAD, FRAME, Frame, MORE } from '../wire/scanner.ts';
import type { NodeConfig } from './config.ts';
import type { Connection } from './connection.ts';
import type { Hearing } from './trace.ts';

/** What reading asks of the node around it. */
export interface InputHost {
  /** The time of the present call, in Unix ms. */
  readonly now: number;
  /** Who is given the frames. It is made behind this; nothing is asked of it before. */
  readonly hearing: Hearing;
  /** A fault of ours in a command of the connection. */
  contain(connection: Connection, error: unknown): void;
  /** Ends a connection for a reason that it is told. */
  expel(connection: Connection, reason: string): void;
  /** All was read, and nothing more will come. */
  over(connection: Connection): void;
}

export class Input {
  readonly #config: NodeConfig;
  readonly #host: InputHost;
  readonly #frame: Frame;

  constructor(config: NodeConfig, host: InputHost) {
    this.#config = config;
    this.#host = host;
    this.#frame = new Frame(config.limits.connections.args);
  }

  /** Reads what is there. A fault of ours in it ends this connection and no other. */
  read(connection: Connection): void {
    try {
      this.#readFrames(connection);
    } catch (error) {
      this.#host.contain(connection, error);
    }
  }

  /** Its transport read so many bytes and kept them for itself. */
  overhead(connection: Connection, session: Session, bytes: number): void {
    connection.heard(this.#host.now);
    connection.overhead += bytes;
    this.#weigh(connection, session);
  }

  /** No more input will come. */
  over(connection: Connection): void {
    connection.inputOver = true;
    this.finish(connection);
  }

  /** When no more input will come and all was read, the connection ends like one that was lost. */
  finish(connection: Connection): void {
    if (!connection.inputOver || connection.held !== 0 || connection.closingAt !== 0 || connection.backlog) return;
    this.#host.over(connection);
  }

  #readFrames(connection: Connection): void {
    const { scanner } = connection;
    const { hearing, now } = this.#host;
    const frame = this.#frame;
    while (connection.held === 0) {
      const { session } = connection;
      if (session === undefined) return;
      const found = scanner.next(frame);
      if (found === MORE) {
        this.#weigh(connection, session);
        if (!connection.refill()) return this.finish(connection);
        continue;
      }
      if (found === FRAME) {
        connection.framed += frame.end - frame.start;
        hearing.command(session, frame, now);
      } else if (found === BAD) {
        hearing.fault(session, scanner.faultVerb, scanner.faultOffset, scanner.faultReason, now);
      } else hearing.tooLong(session, scanner.limit, now);
      if (session.state === NEW) this.#boundRegistration(connection);
      else if (scanner.limit !== this.#config.limits.frameBytes) scanner.limit = this.#config.limits.frameBytes;
    }
  }

  /** Bytes that are in no good frame have to be read, too: white space, garbage and bad frames cost by their length. */
  #weigh(connection: Connection, session: Session): void {
    if (session.state === NEW) return this.#boundRegistration(connection);
    const kib = connection.takeNoise();
    if (kib > 0) this.#host.hearing.noise(session, kib, this.#host.now);
  }

  #boundRegistration(connection: Connection): void {
    if (connection.scanner.offset + connection.overhead <= this.#config.limits.registrationBytes) return;
    this.#host.expel(connection, 'Too much was sent before registration; connect again and send NICK and USER first');
  }
}
