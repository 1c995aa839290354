// Chat: what clients say comes in as frames, changes users and rooms, and goes out through ports. This file is the one
// way in: it counts what comes before registration, finds the row of a command, checks what the row says, and runs it.
// Everything is decided before a call returns; what has to wait for others comes back as another call.
//
// Calls do not nest: a connection that is lost while something is said to it ends when the call that spoke is over, as
// what is being written and whom it goes to must not change half-way. (A command that runs as its session's input is
// resumed is the last thing that its call does.)

import { assert } from '../base/assert.ts';
import type { Ending } from '../base/ending.ts';
import type { ConnectionId, Epoch, RoomKey, ServerId, Uid } from '../base/ids.ts';
import { type ReserveOutcome, SENT, type SendOutcome, WAITING } from '../base/outcome.ts';
import { readFrame, WHOLE } from '../wire/grammar.ts';
import { Frame } from '../wire/scanner.ts';
import type { FrameWriter } from '../wire/writer.ts';
import { COMMANDS, type Command, findCommand } from './commands.ts';
import type { ChatConfig } from './config.ts';
import { quitReason } from './connection.ts';
import { Context } from './context.ts';
import { end, part, silence } from './departure.ts';
import type { ServerLoss } from './elsewhere.ts';
import { readFact } from './facts.ts';
import { roomDue } from './membership.ts';
import { reserved, sent } from './messages.ts';
import { NoPeers, OneServer } from './network.ts';
import { denied, operatorSession } from './operators.ts';
import { operatorsChanged, verified } from './passwords.ts';
import { hearBroadcast } from './people.ts';
import type { Way } from './places.ts';
import type { Network, Out, Peers, ServerRow } from './ports.ts';
import { isRepeated } from './registration.ts';
import * as replies from './replies.ts';
import { badFrame, ERRORS, error, frameTooLong, REASONS } from './replies.ts';
import { Restoring } from './restoring.ts';
import type { Room, Rooms } from './rooms.ts';
import { route, type Verdict } from './routes.ts';
import { ENDED, NEW, REGISTERED, Session } from './session.ts';
import { type User, Users } from './users.ts';

/** What chat keeps. */
export interface Kept {
  readonly users: number;
  readonly rooms: number;
  /** Former nicknames. */
  readonly former: number;
  /** Users that have gone and are remembered. */
  readonly gone: number;
  /** Nicknames that somebody claims. */
  readonly claims: number;
  /** Users who took another's place. */
  readonly resumed: number;
  /** Other servers with users. */
  readonly servers: number;
  /** Rooms that are not known here and have users in them. */
  readonly waiting: number;
}

/** What chat has counted since the start. */
export interface Counted {
  /** Verb → good frames; `unknown` stands for all verbs that there are not. */
  readonly commands: readonly (readonly [verb: string, count: number])[];
  /** Name of an error → times that it was said. */
  readonly errors: ReadonlyMap<string, number>;
  readonly reservations: number;
}

export class Chat {
  readonly users: Users;
  readonly rooms: Rooms;
  readonly #context: Context;
  /** Good frames since the start by row of the table of commands, those of unknown verbs behind them. */
  readonly #heard = new Float64Array(COMMANDS.length + 1);
  /** A call is running. */
  #busy = false;
  /** Connections that were lost while it runs. */
  readonly #lost: { readonly session: Session; readonly reason: string }[] = [];

  /** `network` and `peers` left out: this server is alone. */
  constructor(config: ChatConfig, out: Out, network?: Network, peers: Peers = new NoPeers()) {
    const { id, incarnation } = config.server;
    this.users = new Users(id, incarnation);
    const seen = network ?? new OneServer(config.server, this.users);
    this.#context = new Context(config, out, this.users, seen, peers);
    this.rooms = this.#context.rooms;
  }

  /** A connection from `address`, which clients are shown as `host`, and how it came. */
  connected(connection: ConnectionId, host: string, now: number, address = host, way: Way = 'tcp'): Session {
    return new Session(connection, host, address, this.#context.config.limits.flood?.burst ?? 0, now, way);
  }

  /** Turns a connection away that was not accepted: ERR_SERVERFULL, ERROR, close. It gets no session. */
  full(connection: ConnectionId, reason: string): void {
    const frames = error(this.#context.begin(), 'ERR_SERVERFULL', '*', '*', ERRORS.ERR_SERVERFULL).end();
    this.#context.erred('ERR_SERVERFULL');
    this.#context.out.reply(connection, frames.bytes, 0, frames.length);
    this.#context.out.close(connection, reason);
  }

  /** One good frame. It is looked at until this returns, and not kept. */
  command(session: Session, frame: Frame, now: number): void {
    if (session.state === ENDED) return;
    const outermost = this.#enter();
    try {
      this.#obey(session, frame, now);
    } finally {
      if (outermost) this.#leave(now);
    }
  }

  /** One frame of an operator who has no connection and may do everything; what is said to it goes to `connection`. */
  operate(connection: ConnectionId, name: string, frame: Frame, now: number): void {
    this.command(operatorSession(this.#context, connection, name, now), frame, now);
  }

  /** A bad frame: its verb or '*', the offset of the wrong byte in the connection's bytes, and what is wrong. */
  fault(session: Session, verb: string, offset: number, reason: string, now: number): void {
    if (session.state === ENDED) return;
    this.#alone(now, () => {
      if (session.registration !== undefined && !this.#count(session, now)) return;
      badFrame(this.#context.begin(), verb, offset, reason);
      this.#context.erred('ERR_BADFRAME');
      this.#context.reply(session);
      this.#context.charge(session, now);
    });
  }

  /** `kib` KiB of input that were in no good frame: they cost the server time and so the session its tokens. */
  noise(session: Session, kib: number, now: number): void {
    if (session.state === ENDED) return;
    this.#alone(now, () => this.#context.charge(session, now, kib));
  }

  /** A frame of more than `limit` bytes, after which nothing can be read. */
  tooLong(session: Session, limit: number, now: number): void {
    this.#alone(now, () => {
      frameTooLong(this.#context.begin(), limit);
      this.#context.erred('ERR_FRAMETOOLONG');
      this.#context.reply(session);
      this.#context.close(session, REASONS.frame, now, 'size');
    });
  }

  /**
   * The connection is gone: nothing more is said to it. Its id may be used again when the call that is running, if
   * one is, is over. A QUIT that was still waiting keeps its words.
   */
  disconnected(session: Session, reason: string, now: number): void {
    if (this.#busy) this.#lost.push({ session, reason });
    else this.#alone(now, () => this.#lose(session, reason, now));
  }

  /** The server ends the session for a reason of its own: ERROR, close, and QUIT to those who share a room. */
  close(session: Session, reason: string, now: number, why?: Ending): void {
    this.#alone(now, () => this.#context.close(session, reason, now, why));
  }

  /**
   * The server ends the session as it ends all others, because it stops: ERROR and close, and nobody is told. Its user
   * stays where others see it until they hear that the server has left.
   */
  stopped(session: Session, reason: string, now: number): void {
    if (session.state === ENDED) return;
    this.#alone(now, () => {
      this.#context.out.close(session.connection, reason, 'leaving');
      silence(session);
    });
  }

  /** The server ends the session, which may go on elsewhere: RPL_SERVERS, ERROR, close, and QUIT to those around it. */
  sendAway(session: Session, reason: string, now: number): void {
    this.#alone(now, () => {
      const context = this.#context;
      replies.servers(context.begin(), context.places.by(session.way));
      if (session.state === REGISTERED) context.reply(session);
      context.close(session, reason, now, 'leaving');
    });
  }

  /** The answer to the password check that Out.verify was asked for. */
  verified(session: Session, ok: boolean, now: number): void {
    if (session.checking === undefined) return;
    this.#alone(now, () => verified(this.#context, session, ok, now));
    this.#resume(session);
  }

  /** What a command of the session waits for (RoomPort.ready) is there, or will not be: it is obeyed once more. */
  again(session: Session, now: number): void {
    if (session.held?.until !== 'again') return;
    this.#alone(now, () => this.#obeyHeld(session, now));
    if (session.held === undefined) this.#resume(session);
  }

  /** As sent(), where nothing is said of it and others are waited for; otherwise nothing is done: false. */
  sentInSilence(session: Session, outcome: SendOutcome, id: string): boolean {
    if (outcome !== SENT || id !== '' || session.unanswered <= 1) return false;
    session.unanswered--;
    return true;
  }

  /**
   * The outcome of a send that was WAITING. `seq` is the message's number when it was sent, else the number that it
   * was sent under, 0 for none; `epoch` is that of the slot, left out for the room's own. Called once for each, also
   * when the session has ended meanwhile.
   */
  sent(
    session: Session,
    room: RoomKey,
    outcome: SendOutcome,
    seq: number,
    id: string,
    now: number,
    epoch?: Epoch,
  ): void {
    assert(session.unanswered > 0 && outcome !== WAITING, 'the outcome of a send that did not wait');
    if (this.sentInSilence(session, outcome, id)) return;
    const waiting = session.held === undefined ? session.heir : session;
    const held = waiting?.held !== undefined;
    this.#alone(now, () => {
      sent(this.#context, session, room, outcome, seq, id, now, epoch);
      session.unanswered--;
      if (session.unanswered === 0) this.#settle(session, now);
    });
    if (waiting !== undefined && held && waiting.held === undefined) this.#resume(waiting);
  }

  /** The answer to RoomOrder.reserve that came later. Nothing when the holder waits no longer. */
  reserved(holder: Uid, room: RoomKey, outcome: ReserveOutcome, now: number): void {
    const session = this.users.byUid(holder)?.session;
    if (session?.held?.until !== 'number') return;
    this.#alone(now, () => {
      const frame = this.#takeHeld(session);
      if (frame !== undefined) reserved(this.#context, session, frame, room, outcome, now);
    });
    this.#resume(session);
  }

  /** What RoomPort.wakeAt asked for. */
  roomDue(room: RoomKey, now: number): void {
    const found = this.rooms.get(room);
    if (found !== undefined) this.#alone(now, () => roomDue(this.#context, found, now));
  }

  /** Users of one server, this one or another. */
  usersOn(server: ServerId): number {
    const { config, elsewhere } = this.#context;
    return server === config.server.id ? this.users.here : elsewhere.usersOf(server);
  }

  /** Every reachable server, this one first. */
  servers(): readonly ServerRow[] {
    return this.#context.network.servers();
  }

  /** Whose nickname it is, in the whole network. */
  owner(nick: string): User | undefined {
    return this.#context.nicknames.owner(nick);
  }

  /** What is kept, counted: for operators and tests. */
  get kept(): Kept {
    const { nicknames, elsewhere } = this.#context;
    const { names, gone } = nicknames.kept;
    const { servers, waiting } = elsewhere.kept;
    const { names: claims, resumed } = nicknames.ownership.kept;
    return { users: this.users.size, rooms: this.rooms.size, former: names, gone, claims, resumed, servers, waiting };
  }

  /** What was said since the start, counted: for operators. */
  get counted(): Counted {
    const commands = COMMANDS.map(({ verb }, i): [string, number] => [verb, this.#heard[i] as number]);
    commands.push(['unknown', this.#heard[COMMANDS.length] as number]);
    return { commands, errors: this.#context.errors, reservations: this.#context.reservations };
  }

  // ── Other servers ──────────────────────────────────────────────────────────────────────────────────────────────

  /** Judges a frame of a fact of `origin`, without looking at anything that is known. */
  checkFact(origin: ServerId, incarnation: number, frame: Frame): Verdict {
    const fact = readFact(origin, incarnation, frame);
    return typeof fact === 'string' ? fact : 'good';
  }

  /** The next frame of a fact of `origin`. What is not good changes nothing. */
  applyFact(origin: ServerId, frame: Frame, now: number): Verdict {
    const fact = readFact(origin, 0, frame);
    if (typeof fact === 'string') return fact;
    this.#alone(now, () => {
      if (fact.kind !== 'broadcast') this.#context.elsewhere.apply(origin, fact, now);
      else if (origin !== this.#context.config.server.id) hearBroadcast(this.#context, origin, fact);
    });
    return 'good';
  }

  /** All that `origin` says of its users and of where they are will be given to what this returns. */
  restoring(origin: ServerId): Restoring {
    return new Restoring(origin, (facts, now) => {
      this.#alone(now, () => this.#context.elsewhere.restore(origin, facts, now));
    });
  }

  /** Writes the frames of `origin`, this server or another: its users, what `between` writes, who is in which room. */
  snapshot(origin: ServerId, to: FrameWriter, between: () => void = () => {}): void {
    this.#context.elsewhere.snapshot(origin, to, between);
  }

  /** A server has ended, or was out of reach for too long: all of its users are gone. */
  forget(origin: ServerId, loss: ServerLoss, now: number): void {
    this.#alone(now, () => this.#context.elsewhere.forget(origin, loss, now));
  }

  /** A frame that another server sent to this one alone. */
  route(from: ServerId, frame: Frame, now: number): Verdict {
    let verdict: Verdict = 'bad';
    this.#alone(now, () => {
      verdict = route(this.#context, from, frame, now);
    });
    return verdict;
  }

  /** There is a room, made elsewhere; or it is spelled otherwise. Its port comes from Peers.openRoom, once. */
  roomKnown(key: RoomKey, name: string, now: number): Room {
    return this.#context.elsewhere.roomKnown(key, name, now);
  }

  /** A room is over; its port is closed. False, and nothing done, when somebody of this server is in it. */
  roomEnded(key: RoomKey): boolean {
    return this.#context.elsewhere.roomEnded(key);
  }

  /** Clients may connect elsewhere: RPL_SERVERS to everybody to whom that is news. */
  serversChanged(addresses: readonly string[], now: number): void {
    const context = this.#context;
    for (const way of context.places.replace(addresses)) {
      const places = context.places.by(way);
      this.#alone(now, () => context.sayToAll((frames) => replies.servers(frames, places), way));
    }
  }

  /** What RPL_LIMITS says has changed: it goes to everybody once more. */
  limitsChanged(announced: ChatConfig['announcedLimits'], now: number): void {
    const context = this.#context;
    if (announced.join() === context.limits.join()) return;
    context.limits = announced;
    this.#alone(now, () => context.sayToAll((frames) => replies.limits(frames, announced)));
  }

  /** The limits or the operators of the config are others now. How far messages are accepted follows the network. */
  reconfigured(now: number): void {
    const context = this.#context;
    this.#alone(now, () => operatorsChanged(context));
    const said = new Map(context.limits);
    const announced = context.config.announcedLimits.map(
      ([name, value]) => [name, name === 'ack' ? (said.get(name) ?? value) : value] as const,
    );
    this.limitsChanged(announced, now);
  }

  /** Checks what the command's row says, in order, and runs it. */
  #obey(session: Session, frame: Frame, now: number): void {
    const command = findCommand(frame);
    (this.#heard[command === undefined ? COMMANDS.length : command.index] as number)++;
    if (session.registration !== undefined && !this.#admit(session, command, frame, now)) return;
    const context = this.#context;
    if (command === undefined) return context.refuse(session, frame, now, 'ERR_UNKNOWNCOMMAND', '*');
    if (!isHeard(command, session)) {
      const name = session.state === NEW ? 'ERR_NOTREGISTERED' : 'ERR_ALREADYREGISTERED';
      return context.refuse(session, frame, now, name, '*');
    }
    const { arity, text } = command;
    if (frame.argc < arity || (text >= 0 && frame.argStart[text] === frame.argEnd[text])) {
      return context.refuse(session, frame, now, 'ERR_NEEDMOREPARAMS', '*');
    }
    if (command.granted && !isGranted(command, session)) {
      if (session.operator !== undefined) denied(context, session, command.verb);
      return context.refuse(session, frame, now, 'ERR_NOPRIVILEGES', '*');
    }
    if (command.waits && session.unanswered > 0) context.hold(session, frame, 'answered');
    else command.run(context, session, frame, now);
  }

  /** Looks at a frame that comes before registration, or first after it; false when it is dealt with. */
  #admit(session: Session, command: Command | undefined, frame: Frame, now: number): boolean {
    const { registration } = session;
    if (session.state === NEW || registration === undefined) return this.#count(session, now);
    session.registration = undefined;
    return command?.verb !== 'USER' || !isRepeated(registration, frame);
  }

  /** Counts a frame before registration; false when it was one too many. */
  #count(session: Session, now: number): boolean {
    const { registration } = session;
    if (session.state !== NEW || registration === undefined) return true;
    if (++registration.frames <= this.#context.config.limits.registrationFrames) return true;
    this.#context.close(session, REASONS.registration, now);
    return false;
  }

  /** No send is unanswered any longer: does what waited for that. */
  #settle(session: Session, now: number): void {
    const { user, parting } = session;
    if (parting !== undefined && user !== undefined) {
      session.parting = undefined;
      part(this.#context, user, parting, now);
    }
    const waiting = session.heir ?? session;
    if (waiting.held?.until === 'answered') this.#obeyHeld(waiting, now);
  }

  #obeyHeld(session: Session, now: number): void {
    const frame = this.#takeHeld(session);
    if (frame === undefined) return;
    this.#context.obeyedAgain = session;
    try {
      this.#obey(session, frame, now);
    } finally {
      this.#context.obeyedAgain = undefined;
    }
  }

  /** Lets the session's input go on. Frames may come in before this returns. */
  #resume(session: Session): void {
    if (session.state !== ENDED) this.#context.out.resume(session.connection);
  }

  #takeHeld(session: Session): Frame | undefined {
    const { held } = session;
    if (held === undefined) return undefined;
    session.held = undefined;
    // It has fewer arguments than bytes, whatever their limit is.
    const bytes = held.frame;
    const frame = new Frame(bytes.length);
    const found = readFrame(frame, bytes, 0, bytes.length, bytes.length);
    assert(found === WHOLE, 'a frame that was good is good');
    return frame;
  }

  #lose(session: Session, reason: string, now: number): void {
    end(this.#context, session, this.#lastWords(session) ?? reason, now);
  }

  /** The reason that a waiting QUIT has given, if one is. */
  #lastWords(session: Session): string | undefined {
    const frame = session.state === ENDED ? undefined : this.#takeHeld(session);
    const verb = frame === undefined ? undefined : findCommand(frame)?.verb;
    if (frame === undefined || (verb !== 'QUIT' && verb !== 'EXIT')) return undefined;
    return quitReason(session, frame, this.#context.config.limits.textBytes);
  }

  /** Runs `action`, and what came up while it ran. */
  #alone(now: number, action: () => void): void {
    const outermost = this.#enter();
    try {
      action();
    } finally {
      if (outermost) this.#leave(now);
    }
  }

  /** Whether this call is the outermost, which has to leave() again. */
  #enter(): boolean {
    const outermost = !this.#busy;
    this.#busy = true;
    return outermost;
  }

  #leave(now: number): void {
    try {
      while (this.#lost.length > 0) {
        const lost = this.#lost.shift();
        if (lost !== undefined) this.#lose(lost.session, lost.reason, now);
      }
    } finally {
      this.#busy = false;
    }
  }
}

function isHeard(command: Command, session: Session): boolean {
  return session.state === NEW ? command.heardNew : command.heardRegistered;
}

function isGranted(command: Command, session: Session): boolean {
  const grants = session.operator?.grants;
  return grants === 'all' || (grants?.has(command.verb) ?? false);
}
