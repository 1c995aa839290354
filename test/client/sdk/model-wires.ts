// Wires between SDK clients and the model server: a dialler whose connections are calls, delivered a turn later. A test
// may hold all of them still, and cut them.

import type { Dialler, TransportEvents } from '../../../src/client/transport/driver.ts';
import type { ModelServer, ServerSide } from '../model-server.ts';

interface Wire {
  readonly side: ServerSide;
  readonly events: TransportEvents;
}

export class ModelWires {
  readonly #server: ModelServer;
  readonly #wires = new Set<Wire>();
  #scheduled = false;
  /** No connection is made, and nothing passes on those that are. */
  still = false;
  /** How often was dialled. */
  dialled = 0;

  constructor(server: ModelServer) {
    this.#server = server;
  }

  /** The dialler of every client here. */
  readonly dial: Dialler = (_, events) => {
    this.dialled++;
    const wire = { side: this.#server.connect(), events };
    const waiting: Uint8Array[] = [];
    let open = false;
    const pass = (): void => {
      if (this.still) return void setTimeout(pass, 1);
      if (!open) {
        open = true;
        this.#wires.add(wire);
        events.open();
      }
      for (const bytes of waiting.splice(0)) if (this.#wires.has(wire)) wire.side.receive(bytes);
      this.pump();
    };
    setImmediate(pass);
    return {
      send: (bytes) => {
        waiting.push(bytes);
        setImmediate(pass);
      },
      close: () => {
        for (const bytes of waiting.splice(0)) if (this.#wires.has(wire)) wire.side.receive(bytes);
        this.#wires.delete(wire);
        wire.side.lost();
        this.pump();
      },
    };
  };

  /** Delivers what the server has said, a turn later. */
  pump(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.still) return void setTimeout(() => this.pump(), 1);
      for (const wire of [...this.#wires]) this.#deliver(wire);
    });
  }

  /** Cuts every connection; the server notices, or still believes in its ghosts. */
  cut(noticed = true): void {
    for (const wire of [...this.#wires]) {
      this.#wires.delete(wire);
      if (noticed) wire.side.lost();
      wire.events.closed('cut');
    }
  }

  #deliver(wire: Wire): void {
    for (const bytes of wire.side.output.splice(0)) if (this.#wires.has(wire)) wire.events.data(bytes);
    if (!wire.side.ended || !this.#wires.delete(wire)) return;
    wire.events.closed('the server hung up');
  }
}
