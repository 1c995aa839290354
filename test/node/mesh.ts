// Meshes in memory: some servers as the node has them, without clients, on one clock. Streams arrive at once and whole,
// or not at all; datagrams go to all.

import { type ConnectionId, connectionId, type ServerId } from '../../src/base/ids.ts';
import type { Endpoint, Identity } from '../../src/mesh/identity.ts';
import type { State } from '../../src/mesh/replica-ports.ts';
import { Mesh, type MeshHost, type MeshPorts } from '../../src/node/mesh.ts';
import type { Load } from '../../src/node/pulse.ts';
import type { Frame } from '../../src/wire/scanner.ts';
import { NETWORK, SeededChance, START, secrets } from '../mesh/servers.ts';

const EMPTY: State = {
  check: () => 'good',
  apply: () => {},
  restore: (_, frames) => void frames,
  snapshot: () => {},
  forget: () => {},
};

export class Member implements MeshHost, MeshPorts {
  readonly secrets = secrets();
  readonly chance: SeededChance;
  readonly mesh: Mesh;
  readonly self: Identity;
  readonly lines: string[] = [];
  readonly sent: { readonly link: ConnectionId; readonly text: string }[] = [];
  addresses: string[] = [];
  /** What a ROUTE has brought here. */
  readonly words: string[] = [];
  now: Load = { users: 0, rooms: 0, said: 0, delivered: 0 };
  /** Bytes that wait for every link. */
  held = 0;
  readonly #net: Meshes;

  constructor(net: Meshes, self: Identity) {
    this.#net = net;
    this.self = self;
    this.chance = new SeededChance(self.id);
    const replica = {
      ...{ holdMs: 3000, unseenMs: 60_000, vectorMs: 30_000, answerMs: 5000, servers: 8, snapshotBytes: 1 << 20 },
      ...{ log: { facts: 64, bytes: 1 << 20 }, logBytes: 1 << 20 },
    };
    const rooms = {
      holdMs: 3000,
      ack: 'replicated',
      memory: { slots: 64, bytes: 4096 },
      memoryBytes: 1 << 20,
    } as const;
    const sizes = { fullBytes: 1000, mostBytes: 9000 };
    const config = { network: NETWORK, self, peers: [], discovery: true, replica, rooms, ...sizes };
    this.mesh = new Mesh(config, this, this, EMPTY, net.now);
  }

  dial(number: number, to: Endpoint): void {
    this.#net.dial(this, number, to);
  }
  cancelDial(): void {}
  datagram(bytes: Uint8Array, to: Endpoint | 'group'): void {
    this.#net.datagram(this, bytes, to);
  }
  beginAnew(): void {}
  send(link: ConnectionId, bytes: Uint8Array, start: number, end: number): number {
    this.sent.push({ link, text: Buffer.from(bytes.subarray(start, end)).toString() });
    this.#net.send(link, bytes.slice(start, end));
    return this.held;
  }
  waiting(): number {
    return this.held;
  }
  close(link: ConnectionId): void {
    this.#net.close(link);
  }
  log(level: string, event: string, fields: Readonly<Record<string, string | number>>): void {
    this.lines.push(`${level} ${event} ${JSON.stringify(fields)}`);
  }
  hash(text: string): string {
    return text;
  }
  arrived(from: ServerId, frame: Frame): void {
    this.words.push(`${from} ${frame.verb()}`);
  }
  reached(): void {}
  lost(): void {}
  astray(): void {}
  load(): Load {
    return this.now;
  }
  serversChanged(): void {
    this.addresses.push(this.mesh.clientAddresses().join(' '));
  }
}

export class Meshes {
  now = START;
  /** How long a datagram and a chunk take, in ms. */
  delayMs = 0;
  readonly members: Member[] = [];
  readonly #far = new Map<ConnectionId, { readonly to: Member; readonly link: ConnectionId }>();
  readonly #events: { readonly at: number; readonly work: () => void }[] = [];
  #connections = 0;

  add(self: Identity): Member {
    const member = new Member(this, self);
    this.members.push(member);
    member.mesh.start(this.now);
    return member;
  }

  run(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      const next = Math.min(
        this.#events[0]?.at ?? Number.POSITIVE_INFINITY,
        ...this.members.map((m) => m.mesh.deadline),
      );
      if (next > until) break;
      this.now = Math.max(this.now, next);
      if ((this.#events[0]?.at ?? Number.POSITIVE_INFINITY) <= this.now) this.#events.shift()?.work();
      else for (const { mesh } of this.members) if (mesh.deadline <= this.now) mesh.tick(this.now);
    }
    this.now = until;
  }

  /** Breaks every link. */
  cut(): void {
    for (const link of [...this.#far.keys()]) this.close(link);
    this.run(0);
  }

  dial(from: Member, number: number, to: Endpoint): void {
    this.#later(() => {
      const there = this.members.find(({ self }) => self.ip === to.host);
      if (there === undefined) return from.mesh.links.dialFailed(number, 'ECONNREFUSED', this.now);
      const [near, far] = [connectionId(++this.#connections), connectionId(++this.#connections)];
      this.#far.set(near, { to: there, link: far }).set(far, { to: from, link: near });
      there.mesh.links.accepted(far, from.self.ip, this.now);
      from.mesh.links.dialled(number, near, this.now);
    });
  }

  datagram(from: Member, bytes: Uint8Array, to: Endpoint | 'group'): void {
    for (const { mesh, self } of this.members) {
      if (to === 'group' || to.host === self.ip) this.#later(() => mesh.received(bytes, from.self.ip, 1, this.now));
    }
  }

  send(link: ConnectionId, bytes: Uint8Array): void {
    const far = this.#far.get(link);
    if (far !== undefined) this.#later(() => far.to.mesh.links.receive(far.link, bytes, this.now));
  }

  close(link: ConnectionId): void {
    const far = this.#far.get(link);
    if (far === undefined) return;
    this.#far.delete(link);
    this.#later(() => {
      this.#far.delete(far.link);
      far.to.mesh.links.closed(far.link, 'closed by the peer', this.now);
    });
  }

  /** What one server brings about at another comes when it is done. */
  #later(work: () => void): void {
    this.#events.push({ at: this.now + this.delayMs, work });
  }
}
