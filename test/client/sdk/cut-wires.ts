// Wires between an SDK client and the model server that break at a given byte: so many bytes pass, in both directions
// together, and then what the test has planned happens, once. Nothing here takes time: what is on the way is delivered
// before any timer.

import type { Dialler, Transport, TransportEvents } from '../../../src/client/transport/driver.ts';
import type { ModelServer, ServerSide } from '../model-server.ts';

interface Wire {
  readonly side: ServerSide;
  readonly events: TransportEvents;
  toServer: Uint8Array[];
  opened: boolean;
  /** Nothing passes any more, and nobody is told. */
  silent: boolean;
}

export class CutWires {
  /** Bytes that passed; an opening counts as one. */
  passed = 0;
  /** No connection is made any more. */
  closed = false;
  readonly #server: ModelServer;
  readonly #cutAt: number;
  readonly #happen: (wires: CutWires) => void;
  readonly #wires = new Set<Wire>();
  #happened = false;
  #scheduled = false;

  /** After `cutAt` bytes `happen` is called. */
  constructor(server: ModelServer, cutAt: number, happen: (wires: CutWires) => void) {
    this.#server = server;
    this.#cutAt = cutAt;
    this.#happen = happen;
  }

  /** Connections that were not closed by the client, nor to it. */
  get open(): number {
    return this.#wires.size;
  }

  readonly dial: Dialler = (_, events): Transport => {
    const wire: Wire = { side: this.#server.connect(), events, toServer: [], opened: false, silent: this.closed };
    this.#wires.add(wire);
    this.#pump();
    return {
      send: (bytes) => {
        wire.toServer.push(bytes);
        this.#pump();
      },
      close: () => {
        if (!this.#wires.delete(wire)) return;
        if (!wire.silent) for (const bytes of wire.toServer.splice(0)) wire.side.receive(bytes);
        wire.side.lost();
        this.#pump();
      },
    };
  };

  /** Ends every connection; the server notices, or still believes in its ghosts. */
  cut(noticed: boolean): void {
    for (const wire of [...this.#wires]) {
      this.#wires.delete(wire);
      if (noticed) wire.side.lost();
      wire.events.closed('cut');
    }
  }

  /** From now on nothing passes on the connections that there are. */
  silence(): void {
    for (const wire of this.#wires) wire.silent = true;
  }

  /** The server says this on every connection. */
  say(verb: string, ...args: readonly string[]): void {
    for (const { side } of this.#wires) side.say(verb, ...args);
    this.#pump();
  }

  #pump(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      for (const wire of [...this.#wires]) this.#pass(wire);
    });
  }

  #pass(wire: Wire): void {
    if (!wire.silent && !wire.opened && this.#spend(1) === 1) {
      wire.opened = true;
      wire.events.open();
    }
    for (const bytes of this.#taken(wire, wire.toServer)) wire.side.receive(bytes);
    for (const bytes of this.#taken(wire, wire.side.output)) {
      if (this.#wires.has(wire)) wire.events.data(bytes);
    }
    if (wire.side.ended && wire.side.output.length === 0 && !wire.silent && this.#wires.delete(wire)) {
      wire.events.closed('the server hung up');
    }
  }

  /** Takes off `row` what may pass now. */
  *#taken(wire: Wire, row: Uint8Array[]): Generator<Uint8Array> {
    while (row.length > 0 && wire.opened && !wire.silent && this.#wires.has(wire)) {
      const bytes = row[0] as Uint8Array;
      const count = this.#spend(bytes.length);
      if (count === 0) return;
      if (count === bytes.length) row.shift();
      else row[0] = bytes.subarray(count);
      yield bytes.slice(0, count);
    }
  }

  /** How many of so many bytes pass; makes happen what is planned when the last one has. */
  #spend(count: number): number {
    if (this.#happened) {
      this.passed += count;
      return count;
    }
    const allowed = Math.min(count, this.#cutAt - this.passed);
    this.passed += allowed;
    if (allowed > 0 && this.passed === this.#cutAt) {
      queueMicrotask(() => {
        this.#happened = true;
        this.#happen(this);
        this.#pump();
      });
    }
    return allowed;
  }
}
