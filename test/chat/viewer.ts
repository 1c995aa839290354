// A viewer: what one client of a cluster knows of who is where, from nothing but the frames that it gets. A frame that
// makes no sense after the ones before is an error.

import type { Client } from './world.ts';

export class Viewer {
  readonly client: Client;
  /** Room → idents of those in it, as heard. */
  readonly rooms = new Map<string, Set<string>>();
  /** Frames, for who wants to know how it came to this. */
  readonly heard: string[] = [];
  over = false;
  #self = '';

  constructor(client: Client) {
    this.client = client;
  }

  /** Joins a room, makes it where there is none, and looks who is there. */
  join(room: string): void {
    this.read();
    this.client.say(`<CREATEROOM,${room}><JOINROOM,${room}>`);
    this.read();
    if (!this.over) this.client.say(`<ULIST,${room}>`);
    this.read();
  }

  read(): void {
    for (const frame of this.client.take()) {
      this.heard.push(frame);
      this.#hear(frame, frame.slice(1, -1).split(','));
    }
    if (this.client.closed !== undefined || this.client.lost) this.over = true;
  }

  #hear(frame: string, [verb, first = '', second = '']: readonly string[]): void {
    const room = first.toLowerCase();
    const there = this.rooms.get(room);
    const check = (sense: boolean): void => {
      if (!sense)
        throw new Error(`${frame} to ${this.#self} makes no sense after\n${this.heard.slice(-20).join('\n')}`);
    };
    switch (verb) {
      case 'RPL_WELCOME':
        if (first === '*') this.#self = second;
        else if (there === undefined) this.rooms.set(room, new Set());
        return;
      case 'RPL_ULIST':
        there?.add(second);
        return;
      case 'JOINROOM':
        check(there !== undefined && !there.has(second));
        there?.add(second);
        return;
      case 'LEAVEROOM':
        check(there?.delete(second) === true);
        if (second === this.#self) this.rooms.delete(room);
        return;
      case 'QUIT':
        return check([...this.rooms.values()].filter((idents) => idents.delete(first)).length > 0);
      case 'NICK': {
        const now = first.replace(/^[^!]*/, second);
        const seen = [...this.rooms.values()].filter((idents) => idents.delete(first));
        for (const idents of seen) idents.add(now);
        check(seen.length > 0 || first === this.#self);
        if (first === this.#self) this.#self = now;
      }
    }
  }
}
