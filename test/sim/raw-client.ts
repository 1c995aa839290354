// A scripted client: what it does next is chance, weighted by its profile. It keeps just enough state to be a nuisance
// on purpose: rooms and how far it has read them, reservations, ids not answered yet, the token of its last session.
// It judges nothing; checkers do, from the record.

import { act } from './actions.ts';
import { encode, foldRoom } from './frames.ts';
import type { Random } from './random.ts';
import type { Dialogue, Record, Utterance } from './record.ts';
import { RoomView } from './room-view.ts';
import type { End } from './transport.ts';
import type { Profile, Weather } from './weather.ts';
import type { World } from './world.ts';

/** Makes a connection to server `server`, for the client `name`. */
export type Dial = (name: string, address: string, profile: Profile, server: number) => End;

export interface Reservation {
  readonly room: string;
  readonly epoch: string;
  readonly seq: string;
}

export interface SentMessage {
  readonly room: string;
  readonly text: string;
  readonly seq: string;
  readonly id: string;
}

const REMEMBERED = 30;

export class RawClient {
  readonly index: number;
  readonly profile: Profile;
  readonly world: World;
  readonly random: Random;
  readonly weather: Weather;
  /** Rooms it knows, by the name it used, over all its connections. */
  readonly views = new Map<string, RoomView>();
  /** Rooms that it is in now. */
  readonly joined = new Set<string>();
  reservations: Reservation[] = [];
  /** With an id and not answered yet; answered ones, to be repeated. */
  unanswered: SentMessage[] = [];
  readonly answered: SentMessage[] = [];
  /** Nicknames heard of lately. */
  readonly others: string[] = [];
  registered = false;
  /** Every nickname that it was welcomed with. */
  readonly nicks = new Set<string>();
  nick = '';
  uid = '';
  /** The server that it goes to. */
  server: number;
  /** What RESUME needs for the session before. */
  resumable: { readonly uid: string; readonly token: string } | undefined;
  end: End | undefined;
  dialogue: Dialogue | undefined;
  readonly #record: Record;
  readonly #dial: Dial;
  #session = 0;
  #messages = 0;
  #nicks = 0;
  #retired = false;
  #stalledUntil = 0;

  constructor(index: number, profile: Profile, world: World, weather: Weather, record: Record, dial: Dial) {
    this.index = index;
    this.profile = profile;
    this.world = world;
    this.weather = weather;
    this.random = world.random.fork();
    this.server = this.random.below(weather.servers);
    this.#record = record;
    this.#dial = dial;
  }

  get isObserver(): boolean {
    return this.profile === 'observer';
  }

  start(): void {
    this.#connect();
    this.#actLater();
  }

  /** A text that no other message has: who said it on which connection, and the how-manieth it is. */
  text(longest: number): string {
    const tag = `${this.dialogue?.name}.m${++this.#messages}`;
    const filler = this.random.pick([
      '',
      ' hallo',
      ' <tag>',
      ' a,b\\c',
      ' ümläut 漢字 🎈',
      ' trailing ',
      ' line\nfeed',
    ]);
    const size = this.random.chance(0.2) ? this.random.below(Math.max(1, longest - 80)) : 0;
    return tag + filler + '.'.repeat(size);
  }

  say(verb: string, ...args: readonly string[]): void {
    const { end, dialogue } = this;
    if (end === undefined || end.closed || dialogue === undefined) return;
    dialogue.say(this.world.elapsed, verb, args);
    const bytes = encode(this.random.chance(0.1) ? verb.toLowerCase() : verb, args);
    end.write(bytes, 0, bytes.length);
    if (this.random.chance(0.3)) end.write(LINE_FEED, 0, 1);
  }

  /** Sends bytes that are no frame. */
  sayRaw(text: string): void {
    const { end, dialogue } = this;
    if (end === undefined || end.closed || dialogue === undefined) return;
    dialogue.garbage = true;
    const bytes = Buffer.from(text, 'latin1');
    end.write(bytes, 0, bytes.length);
  }

  /** Sends a message to `room` and remembers it while it has an id. */
  send(message: SentMessage, room = message.room): void {
    const { text, seq, id } = message;
    const args =
      id !== '' ? [text, room, seq, id] : seq !== '' ? [text, room, seq] : room !== '' ? [text, room] : [text];
    if (id !== '' && !this.unanswered.includes(message)) this.unanswered.push(message);
    if (this.unanswered.length > REMEMBERED) this.unanswered.shift();
    this.say('CSEND', ...args);
  }

  /** Joins a room, from where it was read to if there is such a place. */
  join(room: string, withPosition: boolean): void {
    const view = this.views.get(foldRoom(room));
    if (withPosition && view !== undefined) this.say('JOINROOM', room, view.epoch, String(view.last));
    else this.say('JOINROOM', room);
  }

  /** Stops reading for a while, or for longer than it would have. */
  stall(ms: number): void {
    const { end, world } = this;
    if (end === undefined || end.closed) return;
    if (!end.paused) this.#stalledUntil = 0;
    this.#stalledUntil = Math.max(this.#stalledUntil, world.now + ms);
    end.pause();
    world.after(ms, () => {
      if (this.end !== end || world.now >= this.#stalledUntil) end.resume();
    });
  }

  /** Loses the connection: by reset, by a quiet death of the network, or half of it. */
  cut(how: 'reset' | 'vanish' | 'half'): void {
    const { end } = this;
    if (end === undefined || end.closed) return;
    if (how === 'half') return end.shutdown();
    if (how === 'vanish') end.vanish();
    end.terminate();
  }

  /** Goes to another server and says who it was, while its connection here is left as it is. */
  move(): void {
    if (this.end === undefined || this.end.closed || this.weather.servers === 1) return;
    this.server = (this.server + this.random.between(1, this.weather.servers - 1)) % this.weather.servers;
    this.end = undefined;
    this.registered = false;
    this.reservations = [];
    this.#connect();
  }

  /** The faults are over: does nothing any more, and reads. */
  calm(): void {
    const { end } = this;
    if (end !== undefined && !end.closed) end.resume();
  }

  /** Asks for a last sign that everything was read. */
  ask(word: string): void {
    if (this.registered) this.say('PING', word);
  }

  /** Leaves for good. */
  retire(): void {
    this.#retired = true;
    const { end } = this;
    if (end === undefined || end.closed) return;
    if (this.registered && this.random.chance(0.5)) this.say('QUIT', 'done');
    else if (this.random.chance(0.5)) end.shutdown();
    else end.terminate();
  }

  // ── The connection ─────────────────────────────────────────────────────────────────────────────────────────────

  #connect(): void {
    if (this.#retired || this.end !== undefined) return;
    const name = `c${this.index}s${++this.#session}`;
    const address = `10.0.0.${this.random.chance(0.3) ? 1 : this.index + 2}`;
    const prompt = this.isObserver;
    const { server } = this;
    const dialogue = this.#record.open(name, this.index, server, prompt, this.world.elapsed);
    const end = this.#dial(name, address, this.profile, server);
    this.end = end;
    this.dialogue = dialogue;
    this.registered = false;
    end.handlers = {
      data: (chunk) => {
        for (const utterance of dialogue.hear(this.world.elapsed, chunk)) {
          // A connection that was left behind is read, and no more.
          if (this.end === end) this.#hear(utterance);
        }
        if (this.end !== end) return;
        if (this.profile === 'slow' && !this.world.calm && this.random.chance(0.4)) {
          this.stall(this.random.between(1, 1_200));
        }
      },
      drain: () => {},
      end: () => {
        dialogue.finished = true;
        end.end();
      },
      close: (reason) => this.#closed(end, dialogue, reason),
    };
    // Accepting may have closed it already.
    if (!end.closed) this.#register();
  }

  #closed(end: End, dialogue: Dialogue, reason: string): void {
    dialogue.close(this.world.elapsed, reason);
    if (this.end !== end) return;
    this.end = undefined;
    this.registered = false;
    this.reservations = [];
    if (this.#retired) return;
    if (!this.isObserver && this.random.chance(0.4)) this.server = this.random.below(this.weather.servers);
    const wait = this.isObserver
      ? this.weather.servers > 1
        ? 200
        : 10
      : this.random.between(1, this.random.chance(0.5) ? 200 : 4_000);
    this.world.after(wait, () => this.#connect());
  }

  #register(): void {
    const { random, weather } = this;
    const calm = this.world.calm || this.isObserver;
    if (!calm && random.chance(0.04)) return;
    const password = weather.base.node.chat.passwordHash;
    if (password !== undefined && (calm || random.chance(0.9))) this.say('PASS', password);
    else if (!calm && random.chance(0.1)) this.say('PASS', 'wrong');
    const { resumable } = this;
    if (resumable !== undefined && random.chance(0.6)) {
      const token = !calm && random.chance(0.1) ? 'forged' : resumable.token;
      this.say('RESUME', resumable.uid, token);
    }
    this.#nicks++;
    const own = `n${this.index}_${this.#nicks}`;
    const name = !calm && random.chance(0.5) ? random.pick(['bob', 'Bob', 'BOB', '9bad']) : own;
    const data = [this.dialogue?.name ?? '', '0', '*', `Client ${this.index}, really`];
    if (calm || random.chance(0.8)) {
      if (resumable === undefined || calm || random.chance(0.6)) this.say('NICK', name);
      this.say('USER', ...data);
    } else {
      this.say('USER', ...data);
      this.say('NICK', name);
    }
    if (!calm && random.chance(0.05)) for (let i = random.between(1, 9); i > 0; i--) this.say('PING', 'early');
  }

  // ── What comes ─────────────────────────────────────────────────────────────────────────────────────────────────

  #hear({ verb, args }: Utterance): void {
    const [first = '', second = '', third = '', fourth = ''] = args;
    switch (verb) {
      case 'RPL_WELCOME':
        if (first === '*') this.#welcome(second, third, fourth);
        else this.#enter(args);
        return;
      case 'ERR_NICKINUSE':
      case 'ERR_BADNICK':
        if (!this.registered) this.say('NICK', `n${this.index}_${++this.#nicks}`);
        return;
      case 'ERR_NOSUCHROOM':
        // Rooms are made by those who miss them.
        if (first !== 'JOINROOM' || second === 'nowhere' || this.world.calm || this.random.chance(0.2)) return;
        this.say('CREATEROOM', second);
        this.join(second, false);
        return;
      case 'CMSG':
      case 'SKIPSEQUENCE':
        this.views.get(foldRoom(first))?.decided(second, Number(third));
        return;
      case 'RPL_LAGGED':
        this.views.get(foldRoom(first))?.lost(second, Number(third), Number(fourth));
        return;
      case 'JOINROOM':
      case 'RPL_ULIST':
        this.others.push(second.slice(0, second.indexOf('!')));
        if (this.others.length > REMEMBERED) this.others.shift();
        return;
      case 'LEAVEROOM':
        if (second.startsWith(`${this.nick}!`)) this.joined.delete(foldRoom(first));
        return;
      case 'NICK':
        if (first.startsWith(`${this.nick}!`)) this.nick = second;
        return;
      case 'NEWSEQUENCE':
        this.reservations.push({ room: first, epoch: second, seq: third });
        return;
      case 'RPL_SENT':
        this.#sent(fourth);
        return;
      case 'PING':
        this.say('PONG', ...args);
        return;
    }
  }

  #welcome(ident: string, uid: string, token: string): void {
    this.registered = true;
    this.nick = ident.slice(0, ident.indexOf('!'));
    this.nicks.add(this.nick);
    this.uid = uid;
    this.resumable = { uid, token };
    const before = [...this.joined];
    this.joined.clear();
    // Back again: into the rooms that it was in, and with what was not answered.
    for (const room of before)
      if (this.isObserver || this.random.chance(0.85)) this.join(room, this.random.chance(0.85));
    for (const message of this.unanswered.splice(0)) {
      if (this.random.chance(0.85)) this.send(message);
      else if (this.random.chance(0.3)) this.send({ ...message, text: this.text(100) });
    }
  }

  #enter([name = '', , , epoch = '', next = '', , recovered = '']: readonly string[]): void {
    const room = foldRoom(name);
    this.joined.add(room);
    const view = this.views.get(room);
    if (view !== undefined && view.epoch === epoch && recovered === '1') return;
    this.views.set(room, new RoomView(epoch, Number(next) - 1));
  }

  #sent(id: string): void {
    const at = this.unanswered.findIndex((message) => message.id === id);
    if (at < 0) return;
    this.answered.push(...this.unanswered.splice(at, 1));
    if (this.answered.length > REMEMBERED) this.answered.shift();
  }

  // ── What it does ───────────────────────────────────────────────────────────────────────────────────────────────

  #actLater(): void {
    const gap = this.profile === 'flooder' ? 150 : 250;
    this.world.after(this.random.between(1, (2 * gap) / this.weather.pace), () => {
      if (this.world.calm || this.#retired) return;
      if (this.registered) act(this);
      else if (this.end !== undefined && this.random.chance(0.01)) this.cut('reset');
      this.#actLater();
    });
  }
}

const LINE_FEED = Uint8Array.of(10);
