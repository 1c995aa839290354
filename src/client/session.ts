// The client as a machine without sockets, clocks or chance: bytes and the time go in, bytes and events come out.
//
//   idle ─ start ─► dialling ─ connected ─► registering ─ RPL_LIMITS ─► online ─ quit ─► quitting ─► closed
//                      ▲  └────────── lost, refused, silent ───────┴───────┘                          ▲
//                      └──── waiting (back-off) ◄──────────────────┘          killed, refused for good ┘
//
// The one who drives it looks at `dial` after every call: an attempt that it has not made is to be made, and when the
// attempt it has made is no longer named, that connection is to be flushed and closed. It calls tick() when the time
// that tick() last returned has come, writes what takeOutput() returns, and hands takeEvents() to the user.
//
// What it keeps true:
// - Everything asked for is settled once: with a 'done' or a 'failed' event under its number.
// - A message keeps its id and its place until it is settled, over as many connections as that takes.
// - Rooms are read without a gap over reconnects, or the loss is named (RoomOrder).
// It makes no difference between one server and another: it dials the next when one fails.

import { escapeText } from '../wire/canonical.ts';
import { parseEpoch, roomKey } from '../wire/names.ts';
import { ClientError } from './client-error.ts';
import type { ClientEvent } from './client-events.ts';
import { type ClientLimits, type ClientOptions, limitsOf } from './client-options.ts';
import { Conversation } from './conversation.ts';
import { type ClientFrame, FrameOutput, FrameReader, isSendable } from './frames.ts';
import { type JoinOptions, Membership, type MembershipHost } from './membership.ts';
import { Registration } from './registration.ts';
import { type Lines, type Outcome, type Question, Requests } from './requests.ts';
import type { Position } from './room-order.ts';
import { Pace } from './room-sends.ts';
import { ServerList } from './servers.ts';

type State = 'idle' | 'dialling' | 'registering' | 'online' | 'quitting' | 'waiting' | 'closed';

/** A connection that is wanted: made once for each attempt. */
export interface Dial {
  readonly attempt: number;
  /** As it was given, or as a server named it. */
  readonly server: string;
}

const NEVER = Number.POSITIVE_INFINITY;
const MESSAGE_ID = /^[ -~]{8,64}$/;
/** A session that lasted so long was a good one: the back-off starts anew. */
const STABLE_MS = 10_000;
const EMPTY = new Uint8Array(0);

export class ClientSession implements MembershipHost {
  readonly limits: ClientLimits;
  readonly pace: Pace;
  readonly late: boolean;
  /** The time of the call that is going on, Unix milliseconds. */
  now = 0;
  readonly #random: () => number;
  readonly #registration: Registration;
  readonly #servers: ServerList;
  readonly #requests: Requests;
  readonly #conversation: Conversation;
  readonly #rooms = new Map<string, Membership>();
  readonly #output = new FrameOutput();
  #events: ClientEvent[] = [];
  #reader = new FrameReader();
  #state: State = 'idle';
  #attempt = 0;
  #dialled = '';
  #lastRequest = 0;
  /** When the state's own patience ends. */
  #until = NEVER;
  #onlineSince = 0;
  #lastHeard = 0;
  #pinged = false;
  #textBytes: number;

  /** `random` gives unsigned 32-bit numbers that nobody can guess; message ids are made of them. */
  constructor(options: ClientOptions, random: () => number) {
    this.limits = limitsOf(options);
    this.#random = random;
    this.pace = new Pace(this.limits.paceMs, this.limits.paceMaxMs, random);
    this.late = options.overtaken === 'late';
    this.#registration = new Registration(options, random);
    this.#servers = new ServerList(options.servers, this.limits, random);
    this.#requests = new Requests((verb, args) => this.write(verb, ...args), this.limits.requests);
    this.#conversation = new Conversation(this, this.#rooms, this.#requests, this.#registration);
    this.#textBytes = this.limits.textBytes;
  }

  get state(): State {
    return this.#state;
  }

  get online(): boolean {
    return this.#state === 'online';
  }

  get nick(): string {
    return this.#registration.nick;
  }

  /** The rooms that are or will be joined, as they are shown. */
  get rooms(): string[] {
    return [...this.#rooms.values()].map((room) => room.name);
  }

  /** The connection that is wanted now. */
  get dial(): Dial | undefined {
    const wanted = this.#state !== 'idle' && this.#state !== 'waiting' && this.#state !== 'closed';
    return wanted ? { attempt: this.#attempt, server: this.#dialled } : undefined;
  }

  // What the driver calls.

  start(now: number): void {
    this.now = now;
    if (this.#state === 'idle') this.#dial();
  }

  /** The connection that `dial` named is made. */
  connected(now: number): void {
    this.now = now;
    if (this.#state !== 'dialling') return;
    this.#reader = new FrameReader();
    this.#output.take();
    this.#state = 'registering';
    this.#until = now + this.limits.registerMs;
    this.#lastHeard = now;
    this.#pinged = false;
    this.#registration.open(this.#write);
  }

  /** Takes what came, for good. */
  receive(bytes: Uint8Array, now: number): void {
    this.now = now;
    if (!this.#connected) return;
    this.#lastHeard = now;
    this.#pinged = false;
    this.#reader.feed(bytes);
    while (this.#connected) {
      const reading = this.#reader.next();
      if (reading === 'more') return;
      if (reading === 'bad') this.emit({ kind: 'fault', reason: 'the server sent a bad frame' });
      else if (reading === 'too-long') this.lost('the server sent a frame without end');
      else this.#conversation.take(reading);
    }
  }

  /** The connection is gone, or was never made. */
  disconnected(now: number, reason = 'the connection was lost'): void {
    this.now = now;
    if (this.dial !== undefined) this.lost(reason);
  }

  /** Does what is due, and returns when to call again (Unix ms; Infinity: not until something happens). */
  tick(now: number): number {
    this.now = now;
    if (now >= this.#until) this.#lostPatience();
    if (this.online) this.#watchSilence();
    this.#requests.expire(now);
    for (const room of [...this.#rooms.values()]) room.tick();
    return this.#deadline();
  }

  /** What is to be sent, in an array of its own. */
  takeOutput(): Uint8Array<ArrayBuffer> {
    return this.#output.length === 0 ? EMPTY : this.#output.take();
  }

  takeEvents(): ClientEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  // What the user asks for. Each returns a number; a 'done' or 'failed' event with that number follows, once.

  /** Enters a room. It waits as long as it takes: for a connection, or for the room to be available. */
  join(name: string, options: JoinOptions, now: number): number {
    return this.#begin(now, (request) => {
      const key = roomKey(name);
      if (key === undefined) return new ClientError('ERR_BADROOMNAME', `${name} cannot be the name of a room`);
      if (!isPosition(options.since)) return new ClientError('BAD_ARGUMENT', 'there is no such position in any room');
      const known = this.#rooms.get(key);
      if (known?.leaving) return new ClientError('NOT_IN_ROOM', `${name} is being left`);
      const room = known ?? new Membership(key, name, options, this);
      this.#rooms.set(key, room);
      room.join(request);
      return undefined;
    });
  }

  /** Leaves a room, after everything that was sent to it is settled. */
  leave(name: string, now: number): number {
    return this.#begin(now, (request) =>
      this.#inRoom(name, (room) => {
        room.leave(request);
        return undefined;
      }),
    );
  }

  /**
   * Sends a message to a room, under the number `seq` where GETSEQUENCE gave one, and under the caller's own `id` where
   * there is one. `done` means that it was accepted, and where: (room, epoch, seq, id).
   */
  send(name: string, text: string, now: number, seq = 0, id = this.#messageId()): number {
    return this.#begin(now, (request) => {
      const wrong = this.#wrongText(text) ?? wrongId(id);
      if (wrong !== undefined) return wrong;
      return this.#inRoom(name, (room) => {
        if (room.sends.size >= this.limits.sendQueue) return new ClientError('QUEUE_FULL', 'too many unsent messages');
        room.sends.add({ request, text, seq, id, until: now + this.limits.sendMs }, now);
        return undefined;
      });
    });
  }

  /** Sends a text to users. `done` holds an ERR_NOSUCHNICK line for each unknown one, then the count. */
  tell(nicks: readonly string[], text: string, now: number): number {
    const wrong = this.#wrongText(text);
    return wrong === undefined ? this.request('LSEND', [text, ...nicks], now) : this.#begin(now, () => wrong);
  }

  /**
   * Asks the server something that has one answer: CREATEROOM, ULIST, LISTROOMS, NICK, LOCATE, MAP, HISTORY, OPER,
   * KILL, SCLOSE, BSEND, LSEND, GETSEQUENCE, PING. Waits for a connection, but no longer than for an answer.
   */
  request(verb: string, args: readonly (string | number)[], now: number): number {
    return this.#begin(now, (request) => {
      if (!args.every((arg) => isSendable(String(arg)))) return new ClientError('BAD_ARGUMENT', 'NUL cannot be sent');
      if (this.#requests.full) return new ClientError('QUEUE_FULL', 'too many unanswered questions');
      const settle = (outcome: Outcome) => this.settle(request, 'lines' in outcome ? outcome.lines : outcome.error);
      this.#ask({ verb, args, settle, request }, this.#conversation.fits(verb, args));
      return undefined;
    });
  }

  /**
   * Gives up what was asked for under `request`: it fails with ABORTED, and `outcomeUnknown` says whether it may have
   * happened, or still may. Nothing when it is settled already.
   */
  cancel(request: number, now: number): void {
    this.now = now;
    if (this.#requests.cancel(request)) return;
    for (const room of this.#rooms.values()) if (room.cancel(request)) return;
  }

  /** Writes any frame; what comes back shows as 'frame' events. Nothing when there is no session. */
  frame(verb: string, args: readonly string[]): void {
    if (this.online) this.write(verb, ...args);
  }

  /** Ends the client: QUIT, then the end of the connection. Rooms' unsent messages fail. */
  quit(message: string, now: number): void {
    this.now = now;
    if (this.#state === 'closed' || this.#state === 'quitting') return;
    if (!this.online) return this.close('quit', undefined);
    if (isSendable(message) && message !== '') this.write('QUIT', message);
    else this.write('QUIT');
    // What is on its way may still be answered; nothing goes out behind QUIT.
    for (const room of this.#rooms.values()) room.sends.close();
    this.#state = 'quitting';
    this.#until = now + this.limits.quitMs;
  }

  // What its own parts call.

  ask(
    verb: string,
    args: readonly (string | number)[],
    settle: (outcome: Outcome) => void,
    fits?: (frame: ClientFrame) => boolean,
  ): void {
    this.#ask({ verb, args, settle }, fits);
  }

  write(verb: string, ...args: readonly (string | number)[]): void {
    this.#output.write(verb, ...args);
  }

  emit(event: ClientEvent): void {
    this.#events.push(event);
  }

  settle(request: number, outcome: Lines | ClientError): void {
    if (outcome instanceof ClientError) this.emit({ kind: 'failed', request, error: outcome });
    else this.emit({ kind: 'done', request, lines: outcome });
  }

  remove(room: Membership): void {
    if (this.#rooms.get(room.key) === room) this.#rooms.delete(room.key);
  }

  /** RPL_LIMITS: the welcome is complete, or a limit has changed. */
  welcomed(limits: ReadonlyMap<string, number>, replicated: boolean): void {
    this.#textBytes = Math.min(limits.get('text') ?? this.limits.textBytes, this.limits.textBytes);
    if (this.#state !== 'registering') return this.emit({ kind: 'level', replicated });
    this.#state = 'online';
    this.#until = NEVER;
    this.#onlineSince = this.now;
    const { nick, resumed, server: name } = this.#registration;
    this.emit({ kind: 'online', server: this.#dialled, name, nick, resumed, replicated });
    for (const room of [...this.#rooms.values()]) room.connected();
    this.#requests.flush();
  }

  learnServers(addresses: readonly string[]): void {
    this.#servers.learn(addresses);
  }

  /** An error before the welcome was complete. */
  refused(frame: ClientFrame): void {
    const verdict = this.#registration.refused(frame, this.#write);
    if (verdict instanceof ClientError) this.close(verdict.message, verdict);
    else if (verdict === 'elsewhere') this.lost(frame.args[2] ?? frame.verb);
  }

  /** This connection is over: another one is made, unless the end was asked for. */
  lost(reason: string): void {
    if (this.#state === 'quitting') return this.close('quit', undefined);
    const wasOnline = this.online;
    if (wasOnline && this.now - this.#onlineSince >= STABLE_MS) this.#servers.succeed();
    this.#state = 'waiting';
    this.#output.take();
    this.#until = this.now + this.#servers.fail();
    this.#requests.fail(new ClientError('DISCONNECTED', reason, true), false);
    for (const room of [...this.#rooms.values()]) room.disconnected();
    this.emit({ kind: 'offline', server: this.#dialled, reason, retryAt: this.#until, wasOnline });
  }

  /** The end of the client. */
  close(reason: string, error: ClientError | undefined): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#until = NEVER;
    const closed = new ClientError('CLOSED', `the client has ended: ${reason}`);
    this.#requests.fail(closed, true);
    for (const room of [...this.#rooms.values()]) room.fail(closed);
    this.#rooms.clear();
    this.emit({ kind: 'closed', reason, error });
  }

  #ask(asked: Omit<Question, 'until' | 'fits'>, fits?: (frame: ClientFrame) => boolean): void {
    const question = { ...asked, until: this.now + this.limits.requestMs };
    this.#requests.ask(fits === undefined ? question : { ...question, fits }, this.online);
  }

  readonly #write = (verb: string, ...args: readonly string[]): void => this.write(verb, ...args);

  get #connected(): boolean {
    return this.#state === 'registering' || this.#state === 'online' || this.#state === 'quitting';
  }

  get registered(): boolean {
    return this.#state === 'online' || this.#state === 'quitting';
  }

  #dial(): void {
    this.#state = 'dialling';
    this.#attempt++;
    this.#dialled = this.#servers.current;
    this.#until = this.now + this.limits.connectMs;
    this.emit({ kind: 'dialling', server: this.#dialled });
  }

  #lostPatience(): void {
    this.#until = NEVER;
    if (this.#state === 'waiting') this.#dial();
    else if (this.#state === 'dialling') this.lost('no connection in time');
    else if (this.#state === 'registering') this.lost('no welcome in time');
    else if (this.#state === 'quitting') this.close('quit', undefined);
  }

  #watchSilence(): void {
    const { pingIdleMs, pingAnswerMs } = this.limits;
    if (this.now >= this.#lastHeard + pingIdleMs + pingAnswerMs) return this.lost('the server is silent');
    if (this.#pinged || this.now < this.#lastHeard + pingIdleMs) return;
    this.#pinged = true;
    this.write('PING', String(this.now));
  }

  #deadline(): number {
    let next = Math.min(this.#until, this.#requests.deadline);
    for (const room of this.#rooms.values()) next = Math.min(next, room.deadline);
    if (!this.online) return next;
    return Math.min(next, this.#lastHeard + this.limits.pingIdleMs + (this.#pinged ? this.limits.pingAnswerMs : 0));
  }

  #begin(now: number, act: (request: number) => ClientError | undefined): number {
    this.now = now;
    const request = ++this.#lastRequest;
    const over = this.#state === 'closed' || this.#state === 'quitting';
    const error = over ? new ClientError('CLOSED', 'the client has ended') : act(request);
    if (error !== undefined) this.settle(request, error);
    return request;
  }

  #inRoom(name: string, act: (room: Membership) => ClientError | undefined): ClientError | undefined {
    const room = this.#rooms.get(roomKey(name) ?? '');
    if (room === undefined || room.leaving) return new ClientError('NOT_IN_ROOM', `not in the room ${name}`);
    return act(room);
  }

  #wrongText(text: string): ClientError | undefined {
    if (text === '') return new ClientError('BAD_ARGUMENT', 'an empty text cannot be sent');
    if (!isSendable(text)) return new ClientError('BAD_ARGUMENT', 'NUL cannot be sent');
    if (escapeText(text).length <= this.#textBytes) return undefined;
    return new ClientError('BAD_ARGUMENT', `a text has at most ${this.#textBytes} bytes`);
  }

  /** 96 random bits. */
  #messageId(): string {
    const part = (): string => this.#random().toString(16).padStart(8, '0');
    return part() + part() + part();
  }
}

function isPosition(since: Position | undefined): boolean {
  if (since === undefined) return true;
  return parseEpoch(since.epoch) !== undefined && Number.isSafeInteger(since.last) && since.last >= 0;
}

function wrongId(id: string): ClientError | undefined {
  if (MESSAGE_ID.test(id)) return undefined;
  return new ClientError('BAD_ARGUMENT', 'a message id is 8 to 64 printable ASCII characters');
}
