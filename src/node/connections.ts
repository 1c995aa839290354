// The table of connections: which slot is whose, how many there may be, and from where. A slot is used again only after
// its connection has closed. Loopback addresses have no cap of their own: whoever is on this machine can do worse.

import { type ConnectionId, connectionId } from '../base/ids.ts';
import { sourceOf } from '../base/source.ts';
import { Outbox, type Shared } from '../fanout/outbox.ts';
import { Scanner } from '../wire/scanner.ts';
import { Connection } from './connection.ts';

export interface ConnectionLimits {
  /** Connections that are served. */
  readonly most: number;
  /** Connections an address (IPv6: a /64) may have; Infinity for no cap. */
  readonly perSource: number;
  /** Bytes of a frame before registration. */
  readonly newFrameBytes: number;
  readonly args: number;
}

/** Bytes of connections, and how often a room overtook them. What links read is counted by the mesh alone. */
export class Traffic {
  received = 0;
  written = 0;
  lags = 0;

  count({ scanner, outbox }: Connection): void {
    this.received += scanner.offset;
    this.written += outbox.written;
    this.lags += outbox.lags;
  }

  add(other: Traffic): void {
    this.received += other.received;
    this.written += other.written;
    this.lags += other.lags;
  }
}

interface ConnectionsConfig {
  readonly limits: { readonly connections: ConnectionLimits };
}

export class Connections {
  readonly #config: ConnectionsConfig;
  readonly #shared: Shared;
  readonly #slots: (Connection | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #sources = new Map<string, number>();
  /** Of connections that are gone. */
  readonly #past = new Traffic();
  #count = 0;
  /** Connections since the start, links among them. */
  opened = 0;
  /** Those that were not served. */
  refused = 0;

  /** The limits are looked up at every use. */
  constructor(config: ConnectionsConfig, shared: Shared) {
    this.#config = config;
    this.#shared = shared;
  }

  get count(): number {
    return this.#count;
  }

  at(id: ConnectionId): Connection | undefined {
    return this.#slots[id];
  }

  /** Takes a slot for a connection from `address`. */
  open(address: string, now: number): Connection {
    const slot = this.#free.pop() ?? this.#slots.length;
    const id = connectionId(slot);
    const source = sourceOf(address);
    const { newFrameBytes, args } = this.#config.limits.connections;
    const connection = new Connection(id, new Outbox(id, this.#shared), new Scanner(newFrameBytes, args), source, now);
    this.#slots[slot] = connection;
    this.#count++;
    this.opened++;
    if (source !== '') this.#sources.set(source, (this.#sources.get(source) ?? 0) + 1);
    return connection;
  }

  /** What all connections since the start have read and written. */
  get traffic(): Traffic {
    const sum = new Traffic();
    sum.add(this.#past);
    for (const connection of this) sum.count(connection);
    return sum;
  }

  /** Why a connection that was just opened is not served; undefined when it is. */
  refusal(connection: Connection): string | undefined {
    const { most, perSource } = this.#config.limits.connections;
    if (this.#count > most) return 'This server is full; try another server or come back later';
    const { source } = connection;
    if (source !== '' && (this.#sources.get(source) ?? 0) > perSource) {
      return 'Too many connections from your address; close one first';
    }
    return undefined;
  }

  /** Gives the slot back. */
  close(connection: Connection): void {
    if (this.#slots[connection.id] !== connection) return;
    this.#slots[connection.id] = undefined;
    this.#past.count(connection);
    if (connection.refused && !connection.link) this.refused++;
    this.#free.push(connection.id);
    this.#count--;
    const { source } = connection;
    if (source === '') return;
    const left = (this.#sources.get(source) ?? 1) - 1;
    if (left === 0) this.#sources.delete(source);
    else this.#sources.set(source, left);
  }

  /** How many slots there are, taken or free: at() tells which. */
  get slots(): number {
    return this.#slots.length;
  }

  *[Symbol.iterator](): Iterator<Connection> {
    for (const connection of this.#slots) if (connection !== undefined) yield connection;
  }
}
