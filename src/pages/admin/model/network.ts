// The network as it was and is: every server and link that was seen since the page was opened, and whether it is still there.
// A server that goes is lost until it comes back; a link that goes while both its ends are there is broken. A server that
// was told to leave is forgotten by whoever looks, by hand.

import type { LinkRow, ServerRow } from './api.ts';

export interface ServerView {
  readonly name: string;
  readonly state: 'live' | 'lost';
  /** Unix milliseconds of the last change. */
  readonly since: number;
  /** What it told last. */
  readonly row: ServerRow;
  /** It is the server that the page comes from. */
  readonly self: boolean;
}

export interface LinkView {
  readonly key: string;
  readonly a: string;
  readonly b: string;
  readonly state: 'live' | 'broken' | 'lost';
  /** Of the links of the server that the page comes from; ms, and bytes a second both ways. */
  readonly roundTripMs: number | undefined;
  readonly bytesPerSecond: number | undefined;
}

interface Traffic {
  readonly at: number;
  readonly bytes: number;
}

export class NetworkView {
  readonly #servers = new Map<string, ServerView>();
  readonly #links = new Map<string, LinkView>();
  readonly #traffic = new Map<string, Traffic>();

  get servers(): ServerView[] {
    return [...this.#servers.values()].sort((a, b) => a.row.id - b.row.id);
  }

  get links(): LinkView[] {
    return [...this.#links.values()];
  }

  /** Takes what is there now: all servers within reach, and the links of the one that was asked. */
  look(servers: readonly ServerRow[], links: readonly LinkRow[], now: number): void {
    const there = new Set(servers.map(({ name }) => name));
    for (const [i, row] of servers.entries()) this.#put(row, i === 0, now);
    for (const view of this.#servers.values()) {
      if (!there.has(view.name) && view.state === 'live') {
        this.#servers.set(view.name, { ...view, state: 'lost', since: now });
      }
    }
    this.#join(servers, links, there, now);
  }

  /** The server that the page comes from does not answer: it is lost, and nothing is known of the others. */
  unreachable(now: number): void {
    for (const view of this.#servers.values()) {
      if (view.self && view.state === 'live') this.#servers.set(view.name, { ...view, state: 'lost', since: now });
    }
    for (const link of this.#links.values()) {
      const end = [link.a, link.b].some((name) => this.#servers.get(name)?.self);
      if (end) this.#links.set(link.key, { ...link, state: 'lost' });
    }
  }

  /** Shows a server that is lost no more. */
  forget(name: string): void {
    if (this.#servers.get(name)?.state !== 'lost') return;
    this.#servers.delete(name);
    for (const { key, a, b } of this.links) if (a === name || b === name) this.#links.delete(key);
  }

  #put(row: ServerRow, self: boolean, now: number): void {
    const before = this.#servers.get(row.name);
    const since = before?.state === 'live' ? before.since : now;
    this.#servers.set(row.name, { name: row.name, state: 'live', since, row, self });
  }

  #join(servers: readonly ServerRow[], links: readonly LinkRow[], there: ReadonlySet<string>, now: number): void {
    const self = servers[0]?.name ?? '';
    const seen = new Set<string>();
    for (const { name, links: others } of servers) {
      for (const other of others) {
        const key = keyOf(name, other);
        if (seen.has(key)) continue;
        seen.add(key);
        const [a = '', b = ''] = [name, other].sort();
        const own = links.find(({ server }) => keyOf(self, server) === key);
        const bytesPerSecond = own && this.#speed(key, own.writtenBytes + own.receivedBytes, now);
        this.#links.set(key, { key, a, b, state: 'live', roundTripMs: own?.roundTripMs, bytesPerSecond });
      }
    }
    for (const link of this.#links.values()) {
      if (seen.has(link.key)) continue;
      const state = there.has(link.a) && there.has(link.b) ? 'broken' : 'lost';
      this.#traffic.delete(link.key);
      this.#links.set(link.key, { ...link, state, roundTripMs: undefined, bytesPerSecond: undefined });
    }
  }

  #speed(key: string, bytes: number, now: number): number | undefined {
    const before = this.#traffic.get(key);
    this.#traffic.set(key, { at: now, bytes });
    if (before === undefined || now <= before.at || bytes < before.bytes) return undefined;
    return ((bytes - before.bytes) * 1000) / (now - before.at);
  }
}

function keyOf(a: string, b: string): string {
  return [a, b].sort().join(' ');
}
