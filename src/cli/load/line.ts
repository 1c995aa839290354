// The line of one client: what its connections run through. Somebody looks at all that passes (WireWatch), and it can be
// cut: then the client, and the server, lose the connection without a word of goodbye, as by a lost network.

import type { Dialler, Transport, TransportEvents } from '../../client/transport/driver.ts';
import { type WireFaults, WireWatch } from './wire.ts';

interface Connection {
  readonly watch: WireWatch;
  readonly transport: Transport;
  readonly events: TransportEvents;
}

export class Line {
  /** Gives every connection of the client this line. */
  readonly dial: Dialler;
  #current: Connection | undefined;
  #finished = false;

  constructor(dial: Dialler, faults: WireFaults) {
    this.dial = (server, events) => this.#open(dial, server, events, new WireWatch(faults));
  }

  /** Ends the connection; false where there is none. */
  cut(): boolean {
    const connection = this.#current;
    if (connection === undefined) return false;
    this.#current = undefined;
    connection.transport.close();
    connection.events.closed('cut by the load generator');
    return true;
  }

  /** The end: counts what only the end can tell, and looks at nothing any more. */
  finish(): void {
    this.#finished = true;
    this.#current?.watch.finish();
  }

  #open(dial: Dialler, server: string, events: TransportEvents, watch: WireWatch): Transport {
    const transport = dial(server, {
      open: () => events.open(),
      data: (chunk) => {
        if (!this.#finished) watch.received(chunk);
        events.data(chunk);
      },
      closed: (reason) => {
        if (this.#current === connection) this.#current = undefined;
        events.closed(reason);
      },
    });
    const connection = { watch, transport, events };
    this.#current = connection;
    return {
      send: (bytes) => {
        watch.sent(bytes);
        transport.send(bytes);
      },
      close: () => {
        if (this.#current === connection) this.#current = undefined;
        transport.close();
      },
    };
  }
}
