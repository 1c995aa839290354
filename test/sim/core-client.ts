// A real client core on the simulated transport: it joins rooms, sends, asks and loses its connection, and everything
// that it tells its user is recorded. It dials through the world what the core wants dialled, as a driver would.

import { ClientSession } from '../../src/client/session.ts';
import { clientAddress, serverAt } from './addresses.ts';
import { FrameReader } from './frames.ts';
import type { Random } from './random.ts';
import type { Dial } from './raw-client.ts';
import type { CoreEvent, Dialogue, Record } from './record.ts';
import type { End } from './transport.ts';
import type { Weather } from './weather.ts';
import type { World } from './world.ts';

export class CoreClient {
  readonly index: number;
  readonly session: ClientSession;
  readonly #world: World;
  readonly #random: Random;
  readonly #weather: Weather;
  readonly #record: Record;
  readonly #dial: Dial;
  #attempt = 0;
  #end: End | undefined;
  #dialogue: Dialogue | undefined;
  /** What it writes is read back for the record. */
  #own = new FrameReader();
  #tickAt = Number.POSITIVE_INFINITY;
  #messages = 0;
  #retired = false;

  constructor(index: number, world: World, weather: Weather, record: Record, dial: Dial) {
    this.index = index;
    this.#world = world;
    this.#weather = weather;
    this.#record = record;
    this.#dial = dial;
    this.#random = world.random.fork();
    const password = weather.base.node.chat.passwordHash;
    const options = {
      servers: Array.from({ length: weather.servers }, (_, i) => clientAddress((index + i) % weather.servers)),
      nick: `core${index}`,
      limits: {
        sendMs: 8_000,
        paceMaxMs: 2_000,
        retryMs: 100,
        retryMaxMs: weather.roughLines ? 200 : 2_000,
        pingIdleMs: 2_000,
        pingAnswerMs: 3_000,
      },
      ...(password === undefined ? {} : { password }),
    };
    this.session = new ClientSession(options, () => this.#random.u32());
  }

  start(): void {
    const { session } = this;
    session.start(this.#world.now);
    for (const room of this.#weather.rooms) {
      if (!this.#random.chance(0.6)) continue;
      this.#asked(session.request('CREATEROOM', [room], this.#world.now));
      this.#asked(session.join(room, {}, this.#world.now));
    }
    this.#drive();
    this.#actLater();
  }

  get dialogue(): Dialogue | undefined {
    return this.#end === undefined ? undefined : this.#dialogue;
  }

  /** Asks for a last sign that everything was read. */
  ask(word: string): void {
    this.session.frame('PING', [word]);
    this.#drive();
  }

  retire(): void {
    this.#retired = true;
    this.session.quit('done', this.#world.now);
    this.#drive();
  }

  /** Lets everything happen that the last call asked for. */
  #drive(): void {
    const { session } = this;
    const now = this.#world.now;
    for (const event of session.takeEvents()) {
      this.#tell({ ...event });
    }
    const wanted = session.dial;
    if (wanted === undefined || wanted.attempt !== this.#attempt) this.#hangUp();
    if (wanted !== undefined && wanted.attempt !== this.#attempt) this.#connect(wanted.attempt, wanted.server);
    this.#write();
    const next = session.tick(now);
    this.#write();
    const events = session.takeEvents();
    for (const event of events) this.#tell({ ...event });
    if (session.dial?.attempt !== this.#attempt && !(session.dial === undefined && this.#end === undefined)) {
      return this.#drive();
    }
    if (next === Number.POSITIVE_INFINITY || next >= this.#tickAt) return;
    this.#tickAt = next;
    this.#world.at(Math.max(next, now + 1), () => {
      this.#tickAt = Number.POSITIVE_INFINITY;
      this.#drive();
    });
  }

  #tell(event: CoreEvent['event']): void {
    this.#record.coreEvents.push({ client: this.index, at: this.#world.elapsed, event });
  }

  #write(): void {
    const bytes = this.session.takeOutput();
    const { elapsed } = this.#world;
    if (this.#end === undefined || bytes.length === 0) return;
    for (const { verb, args } of this.#own.read(bytes)) this.#dialogue?.say(elapsed, verb, args);
    this.#end.write(bytes, 0, bytes.length);
  }

  #connect(attempt: number, address: string): void {
    this.#attempt = attempt;
    const name = `c${this.index}s${attempt}`;
    const server = serverAt(address);
    const end = this.#dial(name, `10.0.1.${this.index}`, 'talker', server);
    const dialogue = this.#record.open(name, this.index, server, false, this.#world.elapsed);
    this.#end = end;
    this.#dialogue = dialogue;
    this.#own = new FrameReader();
    end.handlers = {
      data: (chunk) => {
        dialogue.hear(this.#world.elapsed, chunk);
        if (this.#end !== end) return;
        this.session.receive(chunk, this.#world.now);
        this.#drive();
      },
      drain: () => {},
      end: () => {
        dialogue.finished = true;
        end.end();
      },
      close: (reason) => {
        dialogue.close(this.#world.elapsed, reason);
        if (this.#end !== end) return;
        this.#end = undefined;
        this.session.disconnected(this.#world.now, reason);
        this.#drive();
      },
    };
    this.#world.after(this.#random.between(0, 50), () => {
      if (this.#end !== end) return;
      this.session.connected(this.#world.now);
      this.#drive();
    });
  }

  #hangUp(): void {
    const end = this.#end;
    this.#end = undefined;
    end?.end();
  }

  #actLater(): void {
    this.#world.after(this.#random.between(1, 600 / this.#weather.pace), () => {
      if (this.#world.calm || this.#retired) return;
      this.#act();
      this.#actLater();
    });
  }

  #act(): void {
    const { session } = this;
    const { now } = this.#world;
    const rooms = session.rooms;
    const random = this.#random;
    const cut = this.#weather.roughLines ? 20 : 0.3;
    const what = random.weighted({ send: 10, join: 1, leave: 0.3, cut, list: 0.5 });
    const room = rooms.length > 0 ? random.pick(rooms) : random.pick(this.#weather.rooms);
    if (what === 'send') {
      const text = `c${this.index}s0.m${++this.#messages} of a core, with <odd> bytes\\`;
      const request = this.#asked(session.send(room, text, now));
      this.#record.coreSends.push({ client: this.index, request, room, text });
    } else if (what === 'join') this.#asked(session.join(random.pick(this.#weather.rooms), {}, now));
    else if (what === 'leave') this.#asked(session.leave(room, now));
    else if (what === 'list') this.#asked(session.request('ULIST', [room], now));
    else if (random.chance(this.#weather.roughLines ? 0.95 : 0.5)) this.#end?.terminate();
    else this.#end?.vanish();
    this.#drive();
  }

  /** Passes on the number of what was asked for: it has to be settled once. */
  #asked(request: number): number {
    this.#record.coreAsked.push({ client: this.index, request });
    return request;
  }
}
