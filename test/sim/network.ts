// What lies between the hosts of the simulated world: for each two of them, and each direction, a wire that may be cut.
// A stream that runs into a cut is held until the wire is mended, as its sender's kernel repeats what got lost; a reset
// and a datagram are sent once, and are gone. And the gate of a process: while it is shut the process stands still, and
// what would happen to it waits in front of it in order.

/** What carries streams from one host to another. */
export class Wire {
  isCut = false;
  #held: (() => void)[] = [];

  /** Something of a stream arrives: now, or when the wire is mended. */
  carry(arrive: () => void): void {
    if (this.isCut) this.#held.push(arrive);
    else arrive();
  }

  mend(): void {
    if (!this.isCut) return;
    this.isCut = false;
    const held = this.#held;
    this.#held = [];
    for (const arrive of held) arrive();
  }
}

export class Network {
  readonly #size: number;
  readonly #wires: readonly Wire[];

  /** Between `size` hosts. */
  constructor(size: number) {
    this.#size = size;
    this.#wires = Array.from({ length: size * size }, () => new Wire());
  }

  wire(from: number, to: number): Wire {
    return this.#wires[from * this.#size + to] as Wire;
  }

  cut(from: number, to: number): void {
    this.wire(from, to).isCut = true;
  }

  mend(): void {
    for (const wire of this.#wires) wire.mend();
  }
}

export class Gate {
  isShut = false;
  #waiting: (() => void)[] = [];

  /** Does `work`, now or when the gate is open again. */
  pass(work: () => void): void {
    if (this.isShut) this.#waiting.push(work);
    else work();
  }

  open(): void {
    this.isShut = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const work of waiting) work();
  }
}
