// Members of one room at several servers who take nothing for granted: each reads the very frames of its server, knows
// in which epoch and at which number it stands, and holds everything against what all the others were given. They share
// no code with the client library and none with the servers. Whatever breaks a promise of the protocol is a fault, in
// words: a slot left out, spoken twice or with two contents; a message in two slots; one that was acknowledged and
// stands nowhere; anything of an epoch that was over.

import type { Socket } from 'bun';

const ENTER_MS = 20_000;

/** What a room's observers agree on. */
export class RoomRecord {
  readonly room: string;
  readonly faults: string[] = [];
  /** `epoch:seq` → text. */
  readonly #texts = new Map<string, string>();
  /** Text → where it stands. Texts are never said twice. */
  readonly #places = new Map<string, string>();
  readonly #acknowledged = new Map<string, string>();

  constructor(room: string) {
    this.room = room;
  }

  get acknowledged(): number {
    return this.#acknowledged.size;
  }

  /** Somebody was given a message. */
  given(by: string, place: string, text: string): void {
    const known = this.#texts.get(place);
    if (known === undefined) this.#texts.set(place, text);
    else if (known !== text) this.faults.push(`${by}: ${place} is ${text}, and ${known} for others`);
    const before = this.#places.get(text);
    if (before === undefined) this.#places.set(text, place);
    else if (before !== place) this.faults.push(`${by}: ${text} stands in ${before} and in ${place}`);
  }

  answered(by: string, place: string, text: string): void {
    const before = this.#acknowledged.get(text);
    if (before !== undefined && before !== place)
      this.faults.push(`${by}: ${text} was acknowledged in ${before} and in ${place}`);
    this.#acknowledged.set(text, place);
  }

  /** Holds what was acknowledged against what was given, once everybody has everything. */
  close(): void {
    for (const [text, place] of this.#acknowledged) {
      const there = this.#texts.get(place);
      if (there !== text) this.faults.push(`${text} was acknowledged in ${place}, where ${there ?? 'nothing'} stands`);
    }
  }
}

/** An answer to something that was said. */
export interface Answer {
  readonly epoch: string;
  /** By performance.now(). */
  readonly saidAt: number;
  readonly at: number;
}

export class Observer {
  readonly name: string;
  /** Where it stands: the next slot that it is to be given. */
  epoch = '';
  next = 0;
  /** EPOCH frames. */
  epochs = 0;
  /** What was said and refused. */
  readonly refusals: string[] = [];
  lost = false;
  /** Answers since the beginning. */
  readonly answers: Answer[] = [];
  readonly #record: RoomRecord;
  readonly #decoder = new TextDecoder();
  readonly #unanswered = new Map<string, { readonly text: string; readonly saidAt: number }>();
  #socket: Socket | undefined;
  #unsent: Uint8Array[] = [];
  #rest = '';
  #said = 0;
  #inside = false;
  /** The last line about our own joining. */
  #verdict = '';
  #wakes: (() => void)[] = [];

  private constructor(name: string, record: RoomRecord) {
    this.name = name;
    this.#record = record;
  }

  /** Enters the room at the server on `port`, and waits until that is possible; makes it where `create` says so. */
  static async enter(port: number, name: string, record: RoomRecord, create = false): Promise<Observer> {
    const observer = new Observer(name, record);
    observer.#socket = await Bun.connect({
      hostname: '127.0.0.1',
      port,
      socket: {
        data: (_, chunk) => observer.#read(chunk),
        drain: () => observer.#write(),
        close: () => observer.#lose(),
        error: () => observer.#lose(),
      },
    });
    observer.send(`<NICK,${name}><USER,${name},0,*,${name}>`);
    if (create) observer.send(`<CREATEROOM,${record.room}>`);
    for (const since = performance.now(); !observer.#inside; ) {
      if (performance.now() - since > ENTER_MS) throw new Error(`${name} is not let in: ${observer.#verdict}`);
      observer.#verdict = '';
      observer.send(`<JOINROOM,${record.room}>`);
      await observer.until(() => observer.#verdict !== '' || observer.lost);
      if (observer.lost) throw new Error(`${name} was sent away: ${observer.#verdict}`);
      if (!observer.#inside) await Bun.sleep(20);
    }
    return observer;
  }

  get unanswered(): number {
    return this.#unanswered.size;
  }

  /** Says something that nobody said before. */
  say(): void {
    const text = `${this.name}-${this.#said++}`;
    const id = crypto.randomUUID();
    this.#unanswered.set(id, { text, saidAt: performance.now() });
    this.send(`<CSEND,${text},${this.#record.room},,${id}>`);
  }

  send(frames: string): void {
    this.#unsent.push(new TextEncoder().encode(frames));
    if (this.#unsent.length === 1) this.#write();
  }

  /** Resolves when this holds, looked at whenever something came. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((wake) => this.#wakes.push(wake));
  }

  leave(): void {
    this.lost = true;
    this.#socket?.end();
  }

  #write(): void {
    for (let bytes = this.#unsent[0]; bytes !== undefined; bytes = this.#unsent[0]) {
      const taken = this.#socket?.write(bytes) ?? -1;
      if (taken < 0) return;
      if (taken < bytes.length) {
        this.#unsent[0] = bytes.subarray(taken);
        return;
      }
      this.#unsent.shift();
    }
  }

  #lose(): void {
    this.lost = true;
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#wakes.splice(0)) wake();
  }

  #read(chunk: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#take(line.slice(1, -1).split(','));
    this.#wake();
  }

  #take([verb = '', ...args]: string[]): void {
    const [room = '', epoch = '', seq = '', who = '', time = '', text = ''] = args;
    if (verb === 'PING') return this.send(`<PONG,${args.join(',')}>`);
    if (verb === 'RPL_SENT') return this.#answered(epoch, Number(seq), who);
    if (verb === 'RPL_WELCOME' && room === this.#record.room) return this.#welcomed(who, Number(time));
    if (verb.startsWith('ERR_')) return this.#refused(verb, args);
    if (verb === 'ERROR') this.#verdict = room;
    if (!this.#inside) return;
    if (verb === 'CMSG') this.#message(epoch, Number(seq), text);
    else if (verb === 'SKIPSEQUENCE') this.#advance(epoch, Number(seq), 'a skipped slot');
    else if (verb === 'EPOCH') this.#moved(epoch, Number(seq), who, Number(time));
    else if (verb === 'RPL_LAGGED') this.#fault(`was told that slots are left out: ${args.join(',')}`);
  }

  #welcomed(epoch: string, next: number): void {
    this.#inside = true;
    this.#verdict = 'in';
    this.epoch = epoch;
    this.next = next;
  }

  #message(epoch: string, seq: number, text: string): void {
    this.#advance(epoch, seq, text);
    this.#record.given(this.name, `${epoch}:${seq}`, text);
  }

  #advance(epoch: string, seq: number, what: string): void {
    if (epoch !== this.epoch) return this.#fault(`${what} of ${epoch}:${seq} came in ${this.epoch}`);
    if (seq !== this.next) this.#fault(`${what} of ${epoch}:${seq} came where ${this.next} was to come`);
    this.next = Math.max(this.next, seq + 1);
  }

  #moved(epoch: string, next: number, old: string, last: number): void {
    this.epochs++;
    const moved = `moved from ${old}:${last} to ${epoch}:${next}`;
    if (old === this.epoch && this.next !== last + 1) this.#fault(`${moved} when it was at ${this.next}`);
    if (millisOf(epoch) <= millisOf(this.epoch)) this.#fault(`${moved}, which is not later than ${this.epoch}`);
    this.epoch = epoch;
    this.next = next;
  }

  #answered(epoch: string, seq: number, id: string): void {
    const said = this.#unanswered.get(id);
    if (said === undefined) return this.#fault(`an answer to nothing, or a second one: ${epoch}:${seq}`);
    this.#unanswered.delete(id);
    this.answers.push({ epoch, saidAt: said.saidAt, at: performance.now() });
    this.#record.answered(this.name, `${epoch}:${seq}`, said.text);
  }

  #refused(verb: string, args: readonly string[]): void {
    if (args[0] !== 'CSEND') {
      this.#verdict = [verb, ...args].join(',');
      return;
    }
    this.refusals.push([verb, ...args].join(','));
    this.#unanswered.delete(args[4] ?? '');
  }

  #fault(what: string): void {
    this.#record.faults.push(`${this.name}: ${what}`);
  }
}

/** When an epoch began. */
function millisOf(epoch: string): number {
  return Number.parseInt(epoch.split('.')[0] ?? '', 36);
}

/** The server that is at home in an epoch. */
export function homeOf(epoch: string): number {
  return Number(epoch.split('.')[1]);
}
