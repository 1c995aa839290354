// The record of a run: what every client said and heard on each of its connections, frame by frame, with virtual times
// and one count over all. This is all that checkers see of a server.

import type { Frame } from './frames.ts';
import { FrameReader, foldRoom } from './frames.ts';

const LINK_FRAME_BYTES = 200_000;
/** Longer than the rest of a frame may be on its way to a client. */
const MOST_WAY_MS = 1_000;

/** The number of the first auditor among the clients; those of further servers follow. */
export const FIRST_AUDITOR = 990;

/** One frame that a client said or heard. */
export interface Utterance extends Frame {
  readonly said: boolean;
  /** Milliseconds since the beginning. */
  readonly at: number;
  /** Its place among everything that happened in the run. */
  readonly order: number;
}

/** What was said and heard on one connection, as its client saw it. */
export class Dialogue {
  /** Unique: `c3s2` is the second connection of client 3. */
  readonly name: string;
  readonly client: number;
  /** The server that it led to. */
  readonly server: number;
  /** Reads all at once, over a way without delay: what it did not hear was not said. */
  readonly prompt: boolean;
  readonly openedAt: number;
  readonly utterances: Utterance[] = [];
  /** Bytes that are no frame were sent on purpose. */
  garbage = false;
  /** Why it is over; undefined while it is open. */
  ended: string | undefined;
  endedAt = 0;
  /** The server ended its side, and everything before that was read. */
  finished = false;
  /** It was open, read to its end and answered when all was quiet. */
  settled = false;
  /** Bytes of a frame that was not whole then, and of which nothing was on its way. */
  tornAtRest = 0;
  /** When it heard something last. */
  #heardAt = 0;
  readonly #reader = new FrameReader();
  readonly #record: Record;

  constructor(record: Record, name: string, client: number, server: number, prompt: boolean, openedAt: number) {
    this.#record = record;
    this.name = name;
    this.client = client;
    this.server = server;
    this.prompt = prompt;
    this.openedAt = openedAt;
  }

  /** What the names of one room have in common. */
  room(name: string): string {
    return this.#record.roomOf(this.server, name);
  }

  get isAuditor(): boolean {
    return this.client >= FIRST_AUDITOR;
  }

  get faults(): readonly string[] {
    return this.#reader.faults;
  }

  /** Bytes of a frame that was never completed. */
  get torn(): number {
    return this.#reader.held;
  }

  say(at: number, verb: string, args: readonly string[]): void {
    this.utterances.push({ said: true, at, order: this.#record.next(), verb, args });
  }

  /** Takes what came; returns the frames that it completed. */
  hear(at: number, chunk: Uint8Array): Utterance[] {
    const heard: Utterance[] = [];
    this.#heardAt = at;
    for (const { verb, args } of this.#reader.read(chunk)) {
      heard.push({ said: false, at, order: this.#record.next(), verb, args });
    }
    this.utterances.push(...heard);
    return heard;
  }

  /** All is quiet; a PING may be on its way. */
  settle(at: number): void {
    this.settled = true;
    if (at - this.#heardAt >= MOST_WAY_MS) this.tornAtRest = this.torn;
  }

  close(at: number, why: string): void {
    if (this.ended !== undefined) return;
    this.ended = why;
    this.endedAt = at;
  }
}

/** What checkers are told beside the record: what was set, and when the faults were over. */
export interface Facts {
  readonly servers: number;
  /** Whether a room is one server's own, or one for all. */
  readonly rooms: 'own' | 'shared';
  /** All clocks tell the world's time. */
  readonly trueClocks: boolean;
  readonly ttlMs: number;
  /** How long a server that is out of reach is held to be there. */
  readonly holdMs: number;
  /** What it takes at most, when nothing stands in the way, until all who are linked know what one of them knows. */
  readonly floodMs: number;
  /** What a slow log and the ways may add to any decision, at most; Infinity when there is no telling. */
  readonly slackMs: number;
  /** The log commits at once. */
  readonly instantLog: boolean;
  /** How long the server remembers an id at least; Infinity when it never forgets in a run. */
  readonly idWindowMs: number;
  readonly presence: number;
  /** The log may be silent for longer than anybody is made to wait: what is decided then has lost its sender. */
  readonly outlastsSenders: boolean;
  calmAt: number;
  /** When everything had settled, and the auditors came. */
  auditAt: number;
  /** When the auditor was done and everybody left. */
  retiredAt: number;
}

/** What a client core told its user. */
export interface CoreEvent {
  readonly client: number;
  readonly at: number;
  readonly event: { readonly kind: string; readonly [field: string]: unknown };
}

/** One life of a server, from its start until its process is gone. Times are in ms since the beginning. */
export interface Life {
  readonly server: number;
  readonly incarnation: number;
  readonly from: number;
  until: number;
}

/** While a server stood still, or its clock had been put back: its timers are late by that. */
export interface Halt {
  readonly server: number;
  readonly from: number;
  until: number;
}

/** What one server said on one link. */
export class LinkTap {
  /** As the connection is called, `'` behind it at the listener. */
  readonly name: string;
  readonly server: number;
  readonly life: Life;
  readonly openedAt: number;
  /** When the server knew that it is over; Infinity while it does not. */
  closedAt = Number.POSITIVE_INFINITY;
  readonly utterances: Utterance[] = [];
  readonly #said = new FrameReader(LINK_FRAME_BYTES);
  readonly #record: Record;
  readonly #clock: { readonly elapsed: number };

  constructor(record: Record, name: string, life: Life, clock: { readonly elapsed: number }) {
    this.#record = record;
    this.name = name;
    this.server = life.server;
    this.life = life;
    this.openedAt = clock.elapsed;
    this.#clock = clock;
  }

  /** What the other server says on it; undefined while there is no connection at that end. */
  get otherEnd(): LinkTap | undefined {
    return this.#record.tap(this.isListener ? this.name.slice(0, -1) : `${this.name}'`);
  }

  get isListener(): boolean {
    return this.name.endsWith("'");
  }

  close(): void {
    this.closedAt = Math.min(this.closedAt, this.#clock.elapsed);
  }

  get faults(): readonly string[] {
    return this.#said.faults;
  }

  /** Bytes that are given away. */
  said(bytes: Uint8Array): void {
    const at = this.#clock.elapsed;
    for (const { verb, args } of this.#said.read(bytes)) {
      this.utterances.push({ said: true, at, order: this.#record.next(), verb, args });
    }
  }
}

/** Servers could not reach each other for a while; in ms since the beginning. */
export interface Cut {
  readonly from: number;
  until: number;
  /** Which, as the names of their links end: `0-2`. */
  readonly pairs: readonly string[];
}

export class Record {
  readonly facts: Facts;
  readonly lives: Life[] = [];
  readonly halts: Halt[] = [];
  readonly cuts: Cut[] = [];
  readonly dialogues: Dialogue[] = [];
  readonly links: LinkTap[] = [];
  /** What somebody who does not know the secret was told by a server. */
  readonly toStrangers: Utterance[] = [];
  readonly coreEvents: CoreEvent[] = [];
  /** What cores were asked to send: request by client. */
  readonly coreSends: {
    readonly client: number;
    readonly request: number;
    readonly room: string;
    readonly text: string;
  }[] = [];
  /** Everything that cores were asked for, sends too. */
  readonly coreAsked: { readonly client: number; readonly request: number }[] = [];
  readonly #taps = new Map<string, LinkTap>();
  #order = 0;

  constructor(facts: Facts) {
    this.facts = facts;
  }

  next(): number {
    return this.#order++;
  }

  /** The last life that a server began. */
  life(server: number): Life | undefined {
    return this.lives.findLast((life) => life.server === server);
  }

  open(name: string, client: number, server: number, prompt: boolean, at: number): Dialogue {
    const dialogue = new Dialogue(this, name, client, server, prompt, at);
    this.dialogues.push(dialogue);
    return dialogue;
  }

  /** A server, in the life that it is in, has a connection with another one. */
  link(name: string, server: number, clock: { readonly elapsed: number }): LinkTap {
    const tap = new LinkTap(this, name, this.life(server) as Life, clock);
    this.links.push(tap);
    this.#taps.set(name, tap);
    return tap;
  }

  tap(name: string): LinkTap | undefined {
    return this.#taps.get(name);
  }

  /** What two servers' rooms of one name share: the name where rooms reach across servers. */
  roomOfEpoch(name: string, epoch: string): string {
    return this.roomOf(Number(epoch.slice(epoch.indexOf('.') + 1)) - 1, name);
  }

  roomOf(server: number, name: string): string {
    const room = foldRoom(name);
    return this.facts.rooms === 'shared' || this.facts.servers === 1 ? room : `${room}@${server + 1}`;
  }
}
