// A hall: one room of a server, full of ordinary clients who talk in rounds. A round is one burst of messages and is over
// when every talker has all of them; each delivery has a latency. It counts frames and does not look into them, so nobody
// else may speak or come while it counts.

import type { Socket } from 'bun';
import { RawClient } from './raw-client.ts';

export interface HallShape {
  readonly talkers: number;
  /** Messages of a round, and the bytes of each text. */
  readonly burst: number;
  readonly bytes: number;
}

/** The room that they are in. */
export const ROOM = 'hall';
const LF = 0x0a;

export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

/** The talkers of one server. */
export class Hall {
  readonly latencies: number[] = [];
  readonly #shape: HallShape;
  readonly #talkers: Socket<undefined>[] = [];
  readonly #text: Uint8Array;
  #speaker = 0;
  #sentAt = 0;
  #missing = 0;
  #counting = false;
  #over = Promise.withResolvers<void>();
  /** Resolves with the next answer to a PING before the counting. */
  #answer = Promise.withResolvers<void>();

  private constructor(shape: HallShape) {
    this.#shape = shape;
    this.#text = new TextEncoder().encode(`<CSEND,${'x'.repeat(shape.bytes)},${ROOM}>`);
  }

  static async gather(port: number, shape: HallShape): Promise<Hall> {
    const hall = new Hall(shape);
    const first = await RawClient.register(port, 'host');
    first.send(`<CREATEROOM,${ROOM}>`);
    await first.until('<RPL_ROOMCREATED');
    first[Symbol.dispose]();
    for (let i = 0; i < shape.talkers; i++) hall.#talkers.push(await hall.#join(port, i));
    return hall;
  }

  /** Waits until every talker has read what it was told about those who came. */
  async settle(): Promise<void> {
    for (const talker of this.#talkers) {
      this.#answer = Promise.withResolvers<void>();
      talker.write('<PING,here>');
      await this.#answer.promise;
    }
    this.#counting = true;
  }

  /** One burst from as many talkers, heard by all. */
  round(): Promise<void> {
    const { burst, talkers } = this.#shape;
    this.#missing = burst * talkers;
    this.#over = Promise.withResolvers<void>();
    this.#sentAt = performance.now();
    for (let i = 0; i < burst; i++) {
      this.#talkers[this.#speaker]?.write(this.#text);
      this.#speaker = (this.#speaker + 1) % talkers;
    }
    return this.#over.promise;
  }

  leave(): void {
    this.#counting = false;
    for (const talker of this.#talkers) talker.end();
  }

  async #join(port: number, number: number): Promise<Socket<undefined>> {
    this.#answer = Promise.withResolvers<void>();
    let text = '';
    const talker = await Bun.connect({
      hostname: '127.0.0.1',
      port,
      socket: {
        data: (_socket, chunk) => {
          if (this.#counting) return this.#heard(chunk);
          text = (text + chunk.toString()).slice(-1000);
          if (!text.includes('<PONG,here>')) return;
          text = '';
          this.#answer.resolve();
        },
        close: () => this.#lost(),
        error: () => this.#lost(),
      },
    });
    talker.write(`<NICK,t${number}><USER,t,0,*,t><JOINROOM,${ROOM}><PING,here>`);
    await this.#answer.promise;
    return talker;
  }

  #heard(chunk: Uint8Array): void {
    const latency = performance.now() - this.#sentAt;
    for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, at + 1)) {
      this.latencies.push(latency);
      this.#missing--;
    }
    if (this.#missing === 0) this.#over.resolve();
  }

  #lost(): void {
    if (this.#counting) this.#over.reject(new Error('the server closed a talker'));
  }
}
