// Programs that talk by the SDK at a network whose servers are lost: each sends without a break, reads its rooms in loops,
// and is held to what the SDK promises. A message that is missing without a word, comes twice, out of its order or with
// two contents, or a send that is never settled or settled wrongly, is a fault, in words.

import type { Chat } from '../../src/client/sdk/chat.ts';
import type { ConnectOptions } from '../../src/client/sdk/chat-types.ts';
import type { Room } from '../../src/client/sdk/room.ts';
import type { RoomMessage, Sent } from '../../src/client/sdk/room-types.ts';
import { homeOf, RoomRecord } from './room-observer.ts';

/** The SDK's `connect`, as it was built or as it stands. */
export type Connect = (options: ConnectOptions) => Promise<Chat>;

export interface CrowdOptions {
  /** How each of them connects, and to which servers. */
  readonly members: readonly { readonly connect: Connect; readonly servers: readonly string[] }[];
  readonly rooms: readonly string[];
  /** Between two messages of one member, ms. */
  readonly everyMs: number;
}

export interface CrowdFigures {
  readonly sent: number;
  readonly accepted: number;
  /** Those that were not, by code; `?` behind the code where nobody can say. */
  readonly failed: Readonly<Record<string, number>>;
  readonly unsettled: number;
  readonly read: number;
  readonly reconnects: number;
  readonly resumed: number;
  /** Gaps that readers were told of. */
  readonly lost: number;
  readonly epochs: number;
}

const LIMITS = { retryMs: 50, retryMaxMs: 500, connectMs: 2_000 };
/** Everything that is on its way is settled by then: a send has a minute. */
const SETTLED_MS = 90_000;

export class Crowd {
  readonly faults: string[] = [];
  readonly #members: Member[] = [];
  readonly #records = new Map<string, RoomRecord>();
  #talk: ReturnType<typeof setInterval> | undefined;

  /** Resolves when all are in all rooms, and talk. */
  static async gather({ members, rooms, everyMs }: CrowdOptions): Promise<Crowd> {
    const crowd = new Crowd();
    for (const room of rooms) crowd.#records.set(room, new RoomRecord(room));
    for (const [i, { connect, servers }] of members.entries()) {
      const chat = await connect({ servers, nick: `sdk${i}`, limits: LIMITS });
      const member = new Member(chat, crowd.#records, crowd.faults);
      crowd.#members.push(member);
      for (const room of rooms) await member.enter(room, i === 0);
    }
    crowd.#talk = setInterval(() => {
      for (const member of crowd.#members) member.say();
    }, everyMs);
    return crowd;
  }

  /** The number of the server that is at home in a room, as far as its first reader knows; 0 before anything is read. */
  homeOf(room: string): number {
    return homeOf(this.#members[0]?.epochOf(room) ?? '');
  }

  /** They stop talking, and leave when everything is settled; what each has read is judged. */
  async end(): Promise<CrowdFigures> {
    clearInterval(this.#talk);
    await Promise.race([Promise.all(this.#members.map((member) => member.settled())), Bun.sleep(SETTLED_MS)]);
    const unsettled = sum(this.#members, ({ unsettled }) => unsettled);
    if (unsettled > 0) this.faults.push(`${unsettled} sends were never settled`);
    await this.#allRead();
    await Promise.all(this.#members.map((member) => member.leave()));
    for (const record of this.#records.values()) {
      record.close();
      this.faults.push(...record.faults);
    }
    for (const member of this.#members) member.judge(this.#members);
    const failed: Record<string, number> = {};
    for (const member of this.#members) for (const { code } of member.failed) failed[code] = (failed[code] ?? 0) + 1;
    return {
      sent: sum(this.#members, ({ said }) => said),
      accepted: sum(this.#members, ({ accepted }) => accepted.length),
      failed,
      unsettled,
      read: sum(this.#members, ({ read }) => read),
      reconnects: sum(this.#members, ({ reconnects }) => reconnects),
      resumed: sum(this.#members, ({ resumed }) => resumed),
      lost: sum(this.#members, ({ lost }) => lost),
      epochs: Math.max(...this.#members.map(({ epochs }) => epochs)),
    };
  }

  /** Resolves when everybody has read what was accepted from anybody, or when that takes too long: then it is judged. */
  async #allRead(): Promise<void> {
    const accepted = this.#members.flatMap(({ accepted }) => accepted);
    const until = performance.now() + 10_000;
    const missing = (): boolean =>
      this.#members.some((member) => accepted.some(({ room, text }) => !member.has(room, text)));
    while (missing() && performance.now() < until) await Bun.sleep(50);
  }
}

/** What one reader of one room has had. */
interface Reading {
  readonly messages: RoomMessage[];
  readonly texts: Set<string>;
  /** Where epochs begin that it was told of. */
  readonly begins: Map<string, number>;
  /** Slots that it was told it cannot have: epoch, first, last. */
  readonly gaps: { readonly epoch: string; readonly from: number; readonly to: number }[];
  /** Places at which reading was told to go on. */
  readonly resumed: Set<string>;
}

class Member {
  readonly name: string;
  readonly accepted: { readonly room: string; readonly text: string }[] = [];
  readonly failed: { readonly room: string; readonly text: string; readonly code: string }[] = [];
  said = 0;
  unsettled = 0;
  reconnects = 0;
  resumed = 0;
  lost = 0;
  epochs = 0;
  readonly #chat: Chat;
  readonly #records: ReadonlyMap<string, RoomRecord>;
  readonly #faults: string[];
  readonly #rooms: Room[] = [];
  readonly #readings = new Map<string, Reading>();
  readonly #loops: Promise<void>[] = [];
  #settled: (() => void) | undefined;

  constructor(chat: Chat, records: ReadonlyMap<string, RoomRecord>, faults: string[]) {
    this.#chat = chat;
    this.name = chat.nick;
    this.#records = records;
    this.#faults = faults;
    void this.#watch();
  }

  get read(): number {
    return sum([...this.#readings.values()], ({ messages }) => messages.length);
  }

  has(room: string, text: string): boolean {
    return this.#readings.get(room)?.texts.has(text) === true;
  }

  /** The epoch of what it read last. */
  epochOf(room: string): string | undefined {
    return this.#readings.get(room)?.messages.at(-1)?.epoch;
  }

  /** Enters a room; who is not the first waits until it is heard of there. */
  async enter(name: string, first: boolean): Promise<void> {
    let room: Room | undefined;
    while (room === undefined) {
      room = await this.#chat.join(name, { create: first }).catch(() => undefined);
      if (room === undefined) await Bun.sleep(20);
    }
    const reading: Reading = { messages: [], texts: new Set(), begins: new Map(), gaps: [], resumed: new Set() };
    this.#readings.set(name, reading);
    this.#rooms.push(room);
    room.on('epoch', ({ epoch, next }) => {
      this.epochs++;
      reading.begins.set(epoch, next);
    });
    room.on('lost', ({ epoch, from, to, resumeAt }) => {
      this.lost++;
      reading.gaps.push({ epoch, from, to: to ?? Number.POSITIVE_INFINITY });
      if (resumeAt !== undefined) reading.begins.set(resumeAt.epoch, resumeAt.next);
    });
    room.on('expelled', ({ error }) => this.#fault(`was put out of ${name}: ${error.code}`));
    this.#loops.push(this.#loop(room, reading));
  }

  say(): void {
    for (const room of this.#rooms) void this.#send(room, `${this.name}.${++this.said}`);
  }

  /** Resolves when every send has an outcome. */
  settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#settled = resolve;
      if (this.unsettled === 0) resolve();
    });
  }

  async leave(): Promise<void> {
    await this.#chat.close();
    await Promise.all(this.#loops);
  }

  /** What it read is one order without a hole, and holds what any of `everybody` was told is there. */
  judge(everybody: readonly Member[]): void {
    for (const [room, reading] of this.#readings) {
      this.#judgeSlots(room, reading);
      for (const member of everybody) this.#judgeTexts(room, reading, member);
    }
  }

  #judgeSlots(room: string, { messages, begins, gaps }: Reading): void {
    const isTold = (epoch: string, from: number, to: number): boolean =>
      gaps.some((gap) => gap.epoch === epoch && gap.from <= from && to <= gap.to);
    for (const [i, { epoch, seq }] of messages.entries()) {
      const before = messages[i - 1];
      if (before === undefined) continue;
      const same = before.epoch === epoch;
      const from = same ? before.seq + 1 : begins.get(epoch);
      if (from === undefined) this.#fault(`${room}: ${epoch} began, and nobody said so`);
      else if (seq < from) this.#fault(`${room}: ${epoch}:${seq} came behind ${before.epoch}:${before.seq}`);
      else if (seq > from && !isTold(epoch, from, seq - 1))
        this.#fault(`${room}: ${epoch}:${from} to ${seq - 1} are missing`);
    }
  }

  #judgeTexts(room: string, { messages, texts, gaps }: Reading, { accepted, failed, name }: Member): void {
    const said = messages.map(({ text }) => text.split('.') as [string, string]);
    const order = said.filter(([by]) => by === name).map(([, n]) => Number(n));
    for (const [i, n] of order.entries()) {
      if (n <= (order[i - 1] ?? 0)) this.#fault(`${room}: ${name}.${n} came behind ${name}.${order[i - 1]}`);
    }
    for (const one of accepted) {
      if (one.room === room && !texts.has(one.text) && gaps.length === 0)
        this.#fault(`${room}: ${one.text} was accepted, and never came`);
    }
    for (const one of failed) {
      if (one.room === room && texts.has(one.text) && !one.code.endsWith('?'))
        this.#fault(`${room}: ${one.text} failed with ${one.code}, and came`);
    }
  }

  async #send(room: Room, text: string): Promise<void> {
    const { name } = room;
    this.unsettled++;
    try {
      const { epoch, seq }: Sent = await room.send(text);
      this.accepted.push({ room: name, text });
      this.#records.get(name)?.answered(this.name, `${epoch}:${seq}`, text);
    } catch (error) {
      const { code = 'none', outcomeUnknown } = error as { code?: string; outcomeUnknown?: boolean };
      this.failed.push({ room: name, text, code: outcomeUnknown === true ? `${code}?` : code });
    } finally {
      if (--this.unsettled === 0) this.#settled?.();
    }
  }

  async #loop(room: Room, { messages, texts }: Reading): Promise<void> {
    const { name } = room;
    try {
      for await (const message of room) {
        const { epoch, seq, text } = message;
        if (texts.has(text)) this.#fault(`${name}: ${text} came twice, now at ${epoch}:${seq}`);
        texts.add(text);
        messages.push(message);
        this.#records.get(name)?.given(this.name, `${epoch}:${seq}`, text);
      }
    } catch (error) {
      this.#fault(`the loop over ${name} threw ${error}`);
    }
  }

  async #watch(): Promise<void> {
    for await (const status of this.#chat.status()) {
      if (status.state === 'offline') this.reconnects++;
      if (status.state === 'online' && status.resumed) this.resumed++;
    }
  }

  #fault(what: string): void {
    this.#faults.push(`${this.name}: ${what}`);
  }
}

function sum<T>(row: readonly T[], of: (item: T) => number): number {
  return row.reduce((total, item) => total + of(item), 0);
}
