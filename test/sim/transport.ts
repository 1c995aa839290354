// Connections of the simulated world: two ends, each with a kernel's bounded buffer, a way that takes time and cuts
// what it carries anywhere, and a reader that may pause. They end like TCP's do: by one FIN from each side, by a reset
// that destroys what is under way, or not at all, when the network between them is gone and nobody is told.
//
//   write ──> outgoing (bounded) ~~delay, any cut~~> incoming ──> data        free again when the reader took it
//
// What an end is told, it is told as the real edge is: `drain` once after a short write, no `close` while it is paused,
// and `close` from within terminate() and from within the end() that ends both sides.

import type { Gate, Wire } from './network.ts';
import type { Random } from './random.ts';
import type { World } from './world.ts';

/** What one end does with what it is told. */
export interface EndHandlers {
  data(chunk: Uint8Array): void;
  drain(): void;
  /** The other end will send nothing more. */
  end(): void;
  /** It is over: nothing more is told. */
  close(reason: string): void;
}

/** How a way behaves. Bytes and milliseconds. */
export interface Way {
  readonly bufferBytes: number;
  readonly delayMs: number;
  readonly jitterMs: number;
  /** How often a piece is cut at any byte. */
  readonly cuts: number;
}

export class End {
  readonly name: string;
  other!: End;
  handlers: EndHandlers | undefined;
  paused = false;
  closed = false;
  /** What carries it to the other end; undefined for one that is always whole. */
  wire: Wire | undefined;
  /** Of the process that has this end; undefined for one that never stands still. */
  gate: Gate | undefined;
  /** Bytes sent and received in all. */
  sent = 0;
  received = 0;
  readonly #world: World;
  readonly #random: Random;
  readonly #way: Way;
  /** What was written and not read by the other end. */
  #outstanding = 0;
  #wantsDrain = false;
  #arrivesAt = 0;
  /** Our FIN is sent, theirs was told. */
  #ended = false;
  #heardEnd = false;
  /** A reset has arrived. */
  #reset = false;
  readonly #incoming: (Uint8Array | 'fin')[] = [];
  #delivering = false;

  constructor(world: World, name: string, way: Way, random: Random) {
    this.#world = world;
    this.name = name;
    this.#way = way;
    this.#random = random;
  }

  /** Takes what there is room for; -1 when the connection is gone. */
  write(bytes: Uint8Array, start: number, end: number): number {
    if (this.closed || this.#reset || this.#ended) return -1;
    const taken = Math.min(end - start, this.#way.bufferBytes - this.#outstanding);
    if (taken < end - start) this.#wantsDrain = true;
    if (taken <= 0) return 0;
    const copy = bytes.slice(start, start + taken);
    this.#outstanding += taken;
    this.sent += taken;
    this.#world.note(this.name, `> ${taken} of ${end - start}`, copy);
    for (let at = 0; at < taken; ) {
      const size = this.#random.chance(this.#way.cuts) ? this.#random.between(1, Math.min(taken - at, 40)) : taken - at;
      this.#send(copy.subarray(at, at + size));
      at += size;
    }
    return taken;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.#world.after(0, () => this.#deliver());
  }

  /** Sends our end behind what was written. */
  shutdown(): void {
    if (this.closed || this.#ended) return;
    this.#ended = true;
    this.#world.note(this.name, 'FIN');
    if (!this.#reset) this.#send('fin');
    if (this.#heardEnd) this.#close('ended');
  }

  /** Sends our end and waits for nothing. */
  end(): void {
    this.shutdown();
    this.#close('ended');
  }

  /** Sends a reset: what is under way is lost. */
  terminate(): void {
    if (this.closed) return;
    this.#world.note(this.name, 'RST');
    const { other } = this;
    if (!this.#lost) this.#world.after(this.#delay(), () => this.#sendReset(other));
    this.#close('terminated');
  }

  /** The network between the two ends is gone: nothing arrives any more, and nobody is told. */
  vanish(): void {
    this.#world.note(this.name, 'lost in the network');
    this.#lost = true;
    this.other.#lost = true;
  }

  /** Something between the two ends resets both. */
  fail(): void {
    const { other } = this;
    this.#world.note(this.name, 'reset in the network');
    this.#world.after(this.#delay(), () => this.#takeReset());
    this.#world.after(other.#delay(), () => other.#takeReset());
  }

  #lost = false;

  #delay(): number {
    const { delayMs, jitterMs } = this.#way;
    return delayMs + (jitterMs === 0 ? 0 : this.#random.below(jitterMs + 1));
  }

  #send(piece: Uint8Array | 'fin'): void {
    if (this.#lost) return;
    this.#arrivesAt = Math.max(this.#arrivesAt, this.#world.now + this.#delay());
    const { other, wire } = this;
    if (wire === undefined) this.#world.at(this.#arrivesAt, () => other.#arrive(piece));
    else this.#world.at(this.#arrivesAt, () => wire.carry(() => other.#arrive(piece)));
  }

  #arrive(piece: Uint8Array | 'fin'): void {
    if (this.#lost || this.#reset) return;
    const { other } = this;
    // Whoever sends to an end that is gone is told by a reset.
    if (this.closed) return this.#world.after(other.#delay(), () => this.#sendReset(other));
    this.#incoming.push(piece);
    this.#deliver();
  }

  #sendReset(other: End): void {
    if (this.wire?.isCut !== true) other.#takeReset();
  }

  #takeReset(): void {
    if (this.closed || this.#lost) return;
    this.#reset = true;
    this.#incoming.length = 0;
    if (!this.paused) this.#tell(() => this.#close('reset'));
  }

  /** Tells the process something, when it does not stand still. */
  #tell(what: () => void): void {
    if (this.gate?.isShut === true) this.gate.pass(what);
    else what();
  }

  #deliver(): void {
    if (this.gate?.isShut === true) return this.gate.pass(() => this.#deliver());
    // Reading may pause, resume and close from within.
    if (this.#delivering) return;
    this.#delivering = true;
    while (!this.paused && !this.closed && !this.#reset) {
      const next = this.#incoming.shift();
      if (next === undefined) break;
      if (next === 'fin') this.#hearEnd();
      else this.#hear(next);
    }
    this.#delivering = false;
    if (this.#reset && !this.paused) this.#close('reset');
  }

  #hear(first: Uint8Array): void {
    let chunk = first;
    // What has waited in the kernel comes in one piece.
    while (this.#incoming[0] instanceof Uint8Array && this.#random.chance(0.7)) {
      chunk = Uint8Array.from(Buffer.concat([chunk, this.#incoming.shift() as Uint8Array]));
    }
    this.received += chunk.length;
    const { other } = this;
    other.#outstanding -= chunk.length;
    if (other.#wantsDrain && !other.closed) this.#world.after(other.#delay(), () => other.#tell(() => other.#drain()));
    this.#world.note(this.name, `< ${chunk.length}`, chunk);
    this.handlers?.data(chunk);
  }

  #drain(): void {
    if (!this.#wantsDrain || this.closed || this.#ended || this.#lost) return;
    if (this.#way.bufferBytes <= this.#outstanding) return;
    this.#wantsDrain = false;
    this.handlers?.drain();
  }

  #hearEnd(): void {
    this.#heardEnd = true;
    this.#world.note(this.name, '< FIN');
    this.handlers?.end();
    if (this.#ended) this.#close('ended');
  }

  #close(reason: string): void {
    if (this.closed) return;
    this.closed = true;
    this.#incoming.length = 0;
    this.#world.note(this.name, `closed: ${reason}`);
    this.handlers?.close(reason);
  }
}

/** Two ends of one connection. */
export function connection(world: World, name: string, there: Way, back: Way, random: Random): readonly [End, End] {
  const near = new End(world, name, there, random);
  const far = new End(world, `${name}'`, back, random);
  near.other = far;
  far.other = near;
  return [near, far];
}
