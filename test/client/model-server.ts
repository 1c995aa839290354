// A chat server in memory, just true enough to the protocol to hold a client against: users, rooms, ids that are
// remembered, positions that are replayed. It never forgets a message, so a client has no excuse for missing one, unless a
// test has it keep only the newest (`kept`). Trouble is asked for by the test: `refuse` may turn a CSEND down before or
// after it was decided.

import type { ClientSession } from '../../src/client/session.ts';
import { FRAME, Frame, Scanner } from '../../src/wire/scanner.ts';
import { encodeFrame } from '../../src/wire/writer.ts';

export interface Decided {
  readonly seq: number;
  readonly nick: string;
  readonly text: string;
  readonly id: string;
}

export interface ModelRoomState {
  readonly name: string;
  readonly epoch: string;
  readonly log: Decided[];
  readonly members: Set<ServerSide>;
}

export type Refusal = 'no' | 'flooding' | 'unavailable-before' | 'unavailable-after';

export class ModelServer {
  readonly rooms = new Map<string, ModelRoomState>();
  readonly users = new Map<string, ServerSide>();
  readonly tokens = new Map<string, ServerSide>();
  /** What RPL_SERVERS names. */
  servers: readonly string[] = [];
  /** What is done about each CSEND. */
  refuse: () => Refusal = () => 'no';
  /** Whether the next RPL_SENT or refusal is kept back, and comes behind later ones. */
  holdAnswer: () => boolean = () => false;
  /** How many messages of a room can be asked for. */
  kept = Number.POSITIVE_INFINITY;
  /** What is not answered at all. */
  ignores: (verb: string) => boolean = () => false;
  #epochs = 0;
  #uids = 0;

  connect(): ServerSide {
    return new ServerSide(this);
  }

  /** Everything is forgotten, as when the only server starts again. */
  restart(): void {
    this.rooms.clear();
    this.users.clear();
    this.tokens.clear();
  }

  newUid(): string {
    return `7.${++this.#uids}`;
  }

  openRoom(name: string): ModelRoomState {
    const epoch = `${(5_000_000 + ++this.#epochs).toString(36)}.7`;
    const room = { name, epoch, log: [], members: new Set<ServerSide>() };
    this.rooms.set(name.toLowerCase(), room);
    return room;
  }
}

/** One connection, as the server has it. */
export class ServerSide {
  /** Frames on their way to the client. */
  output: Uint8Array[] = [];
  /** Whether the server hangs up once its output is taken. */
  ended = false;
  readonly heard: string[] = [];
  readonly #server: ModelServer;
  readonly #heldAnswers: Uint8Array[] = [];
  readonly #scanner = new Scanner(65_536);
  readonly #frame = new Frame();
  #nick = '';
  #user = '';
  #uid = '';
  #registered = false;

  constructor(server: ModelServer) {
    this.#server = server;
  }

  get uid(): string {
    return this.#uid;
  }

  get ident(): string {
    return `${this.#nick}!${this.#user}@host`;
  }

  say(verb: string, ...args: readonly (string | number)[]): void {
    this.output.push(encodeFrame(verb, ...args));
  }

  receive(bytes: Uint8Array): void {
    this.#scanner.feed(bytes);
    while (!this.ended && this.#scanner.next(this.#frame) === FRAME) {
      const args = Array.from({ length: this.#frame.argc }, (_, i) => this.#frame.arg(i));
      this.heard.push([this.#frame.verb(), ...args].join(' '));
      if (!this.#server.ignores(this.#frame.verb())) this.#obey(this.#frame.verb(), args);
    }
  }

  /** The connection is gone. */
  lost(): void {
    this.ended = true;
    if (this.#server.users.get(this.#nick.toLowerCase()) === this) this.#server.users.delete(this.#nick.toLowerCase());
    for (const room of this.#server.rooms.values()) {
      if (room.members.delete(this)) for (const member of room.members) member.say('QUIT', this.ident, 'lost');
    }
  }

  #obey(verb: string, args: readonly string[]): void {
    const [first = '', second = '', , fourth = ''] = args;
    if (verb === 'PING') return this.say('PONG', ...args);
    if (verb === 'NICK') return this.#takeNick(first);
    if (verb === 'RESUME') return this.#resume(first, second);
    if (verb === 'USER') {
      this.#user = first;
      return this.#register('USER');
    }
    if (!this.#registered) return this.say(`ERR_NOTREGISTERED`, verb, '', 'who are you?');
    if (verb === 'QUIT') {
      this.say('ERROR', 'bye');
      return this.lost();
    }
    if (verb === 'CREATEROOM') return this.#create(first);
    if (verb === 'LSEND') return this.#tell(first, args.slice(1));
    if (verb === 'LOCATE') return this.#locate(first);
    const room = this.#server.rooms.get((verb === 'CSEND' ? second : first).toLowerCase());
    if (room === undefined) {
      const tail = verb === 'CSEND' ? ['', fourth] : [];
      return this.say('ERR_NOSUCHROOM', verb, first, 'no such room', ...tail);
    }
    if (verb === 'JOINROOM') this.#join(room, second, Number(args[2] ?? 0));
    else if (verb === 'CSEND') this.#send(room, first, fourth);
    else if (verb === 'LEAVEROOM') this.#leave(room);
    else if (verb === 'HISTORY') this.#history(room, second, Number(args[2] ?? 0), Number(fourth));
    else if (verb === 'ULIST') this.#list(room);
    else this.say('ERR_UNKNOWNCOMMAND', verb, '', 'not in this model');
  }

  #takeNick(nick: string): void {
    if (!this.#registered) {
      this.#nick = nick;
      if (this.#user !== '') this.#register('NICK');
      return;
    }
    if (this.#server.users.has(nick.toLowerCase())) return this.say('ERR_NICKINUSE', 'NICK', nick, 'in use');
    const old = this.ident;
    this.#server.users.delete(this.#nick.toLowerCase());
    this.#nick = nick;
    this.#server.users.set(nick.toLowerCase(), this);
    const hearers = [...this.#server.rooms.values()].filter((room) => room.members.has(this));
    for (const who of new Set([this, ...hearers.flatMap((room) => [...room.members])])) who.say('NICK', old, nick);
  }

  #resume(uid: string, token: string): void {
    const ghost = this.#server.tokens.get(`${uid} ${token}`);
    if (ghost === undefined) return this.say('ERR_BADTOKEN', 'RESUME', uid, 'no such session');
    ghost.lost();
  }

  #register(verb: string): void {
    const { users, tokens } = this.#server;
    if (users.has(this.#nick.toLowerCase())) return this.say('ERR_NICKINUSE', verb, this.#nick, 'in use');
    users.set(this.#nick.toLowerCase(), this);
    this.#registered = true;
    this.#uid = this.#server.newUid();
    tokens.set(`${this.#uid} token-${this.#uid}`, this);
    this.say('RPL_WELCOME', '*', this.ident, this.#uid, `token-${this.#uid}`);
    this.say('RPL_SERVERS', ...this.#server.servers);
    this.say('RPL_LIMITS', 'protocol=1', 'text=4096');
  }

  #create(name: string): void {
    if (this.#server.rooms.has(name.toLowerCase()))
      return this.say('ERR_ROOMEXISTS', 'CREATEROOM', name, 'there is one');
    const room = this.#server.openRoom(name);
    this.say('RPL_ROOMCREATED', room.name, room.epoch);
  }

  #join(room: ModelRoomState, epoch: string, last: number): void {
    for (const member of room.members) if (member !== this) member.say('JOINROOM', room.name, this.ident);
    room.members.add(this);
    const recovered = epoch === '' ? '' : Number(epoch === room.epoch && last + 1 >= this.#floor(room));
    const next = room.log.length + 1;
    this.say('RPL_WELCOME', room.name, this.ident, this.#uid, room.epoch, next, this.#floor(room), recovered, '');
    if (recovered === 1) for (const decided of room.log.slice(last)) this.#deliver(room, decided);
  }

  #floor(room: ModelRoomState): number {
    return Math.max(1, room.log.length - this.#server.kept + 1);
  }

  #history(room: ModelRoomState, epoch: string, from: number, count: number): void {
    const floor = this.#floor(room);
    if ((epoch !== '' && epoch !== room.epoch) || (from !== 0 && from < floor))
      return this.say('ERR_SEQUENCEGONE', 'HISTORY', room.name, 'kept no longer', room.epoch, floor);
    const start = from === 0 ? floor : from;
    const slots = room.log.slice(start - 1, start - 1 + count);
    for (const decided of slots) this.#deliver(room, decided);
    this.say('RPL_ENDOFHISTORY', room.name, room.epoch, start + slots.length);
  }

  #list(room: ModelRoomState): void {
    for (const { ident, uid } of room.members) this.say('RPL_ULIST', room.name, ident, uid, 'model');
    this.say('RPL_ENDOFULIST', room.name, room.members.size);
  }

  #tell(text: string, nicks: readonly string[]): void {
    const { users } = this.#server;
    for (const nick of nicks) {
      const side = users.get(nick.toLowerCase());
      if (side === undefined) this.say('ERR_NOSUCHNICK', 'LSEND', nick, 'nobody');
      else side.say('LMSG', this.#nick, 1_000, text);
    }
    this.say('RPL_LSENT', nicks.filter((nick) => users.has(nick.toLowerCase())).length);
  }

  #locate(nick: string): void {
    const side = this.#server.users.get(nick.toLowerCase());
    if (side !== undefined) this.say('RPL_LOCATION', side.#nick, side.ident, side.uid, 'model', 0);
    else if (nick === 'gone') this.say('RPL_WASLOCATION', nick, '', '7.1', 'model', 1_234);
    else if (nick === 'old') this.say('RPL_WASLOCATION', nick, 'new', '7.1', 'model', 1_234);
    else this.say('ERR_NOSUCHNICK', 'LOCATE', nick, 'nobody');
  }

  #leave(room: ModelRoomState): void {
    if (!room.members.has(this)) return this.say('ERR_NOTINROOM', 'LEAVEROOM', room.name, 'not there');
    for (const member of room.members) member.say('LEAVEROOM', room.name, this.ident);
    room.members.delete(this);
  }

  #send(room: ModelRoomState, text: string, id: string): void {
    if (!room.members.has(this)) return this.say('ERR_NOTINROOM', 'CSEND', room.name, 'not there', '', id);
    const known = room.log.find((decided) => decided.id === id);
    if (known !== undefined) return this.#answer('RPL_SENT', room.name, room.epoch, known.seq, id);
    const refusal = this.#server.refuse();
    if (refusal === 'flooding') return this.#answer('ERR_FLOODING', 'CSEND', room.name, 'too fast', '', id);
    if (refusal === 'unavailable-before')
      return this.#answer('ERR_ROOMUNAVAILABLE', 'CSEND', room.name, 'later', '', id);
    const decided = { seq: room.log.length + 1, nick: this.#nick, text, id };
    room.log.push(decided);
    for (const member of room.members) member.#deliver(room, decided);
    if (refusal === 'no') this.#answer('RPL_SENT', room.name, room.epoch, decided.seq, id);
    else this.#answer('ERR_ROOMUNAVAILABLE', 'CSEND', room.name, 'outcome unknown', '', id);
  }

  #answer(verb: string, ...args: readonly (string | number)[]): void {
    const hold = this.#server.holdAnswer();
    if (hold) this.#heldAnswers.push(encodeFrame(verb, ...args));
    else this.say(verb, ...args);
    if (!hold) this.releaseAnswers();
  }

  /** What was kept back comes now. */
  releaseAnswers(): void {
    this.output.push(...this.#heldAnswers.splice(0).reverse());
  }

  #deliver(room: ModelRoomState, { seq, nick, text, id }: Decided): void {
    this.say('CMSG', room.name, room.epoch, seq, nick, 1_000 + seq, text, id);
  }
}

/** One client and the wires to the model server, moved by hand. */
export class Bench {
  readonly session: ClientSession;
  readonly #server: ModelServer;
  #side: ServerSide | undefined;
  #attempt = 0;
  #toServer: Uint8Array[] = [];

  constructor(server: ModelServer, session: ClientSession) {
    this.#server = server;
    this.session = session;
  }

  get side(): ServerSide | undefined {
    return this.#side;
  }

  /** Makes, closes and feeds connections as the session wants them. Chunks have `chunk` bytes, all there is for 0. */
  step(now: number, chunk = 0): void {
    this.session.tick(now);
    this.#dial(now);
    const out = this.session.takeOutput();
    if (out.length > 0) this.#toServer.push(out);
    const sent = take(this.#toServer, chunk);
    if (sent.length > 0) this.#side?.receive(sent);
    const side = this.#side;
    if (side === undefined) return;
    const got = take(side.output, chunk);
    if (got.length > 0) this.session.receive(got, now);
    if (side.ended && side.output.length === 0) this.cut(now);
    this.#dial(now);
  }

  /** The connection breaks: what is on the wires is gone, and the server notices or not. */
  cut(now: number, noticed = true): void {
    const side = this.#side;
    if (side === undefined) return;
    this.#side = undefined;
    this.#toServer = [];
    if (noticed) side.lost();
    this.session.disconnected(now);
  }

  #dial(now: number): void {
    const { dial } = this.session;
    if (dial?.attempt === this.#attempt) return;
    this.#side?.lost();
    this.#side = undefined;
    this.#toServer = [];
    if (dial === undefined) return;
    this.#attempt = dial.attempt;
    this.#side = this.#server.connect();
    this.session.connected(now);
  }
}

/** Takes up to `count` bytes off the front of a row of chunks; all of them for 0. */
function take(chunks: Uint8Array[], count: number): Uint8Array {
  const all = Buffer.concat(chunks.splice(0));
  if (count === 0 || all.length <= count) return new Uint8Array(all);
  chunks.push(new Uint8Array(all.subarray(count)));
  return new Uint8Array(all.subarray(0, count));
}
