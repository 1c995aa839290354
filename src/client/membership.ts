// One room that the user wants to be in: joined, created first where that was asked for, joined again on every new
// connection from where reading stopped, and left when the last message is settled.
//
//   joining ──► in ──► (disconnected) ──► joining …
//      │ no such room: creating ──► joining      │ refused for now: waiting ──► joining
//
// A room that has ended by the time of a reconnect is made anew only where that was asked for.

import { roomKey } from '../wire/names.ts';
import { ClientError } from './client-error.ts';
import type { ClientEvent, RoomEvent } from './client-events.ts';
import type { ClientLimits } from './client-options.ts';
import type { OrderEvent } from './epoch-slots.ts';
import { type ClientFrame, readNumber } from './frames.ts';
import type { Lines, Outcome } from './requests.ts';
import { type Asked, type Position, RoomOrder } from './room-order.ts';
import { type Pace, RoomSends } from './room-sends.ts';

export interface JoinOptions {
  /** Make the room when there is none. */
  readonly create?: boolean;
  /** Make it again when it has ended by the time of a reconnect. */
  readonly recreate?: boolean;
  /** What was had of the room before: reading goes on behind it. */
  readonly since?: Position;
}

/** What a membership needs from the client that it belongs to. */
export interface MembershipHost {
  readonly now: number;
  readonly online: boolean;
  readonly limits: ClientLimits;
  readonly pace: Pace;
  /** Whether a message that was overtaken is delivered late rather than fails. */
  readonly late: boolean;
  ask(
    verb: string,
    args: readonly (string | number)[],
    settle: (outcome: Outcome) => void,
    fits?: (frame: ClientFrame) => boolean,
  ): void;
  write(verb: string, ...args: readonly (string | number)[]): void;
  emit(event: ClientEvent): void;
  settle(request: number, outcome: Lines | ClientError): void;
  /** The membership is over. */
  remove(membership: Membership): void;
}

/** An event of the order of a room with its name; of messages there are many, and a literal is made sooner than a copy. */
function inRoom(room: string, event: OrderEvent): RoomEvent {
  if (event.kind !== 'message') return { ...event, room };
  const { kind, epoch, seq, nick, time, text, id } = event;
  return { kind, room, epoch, seq, nick, time, text, id };
}

type State = 'outside' | 'asking' | 'waiting' | 'in';

/** How often a room may vanish between making and joining it. */
const CREATE_TRIES = 5;
const NEVER = Number.POSITIVE_INFINITY;

export class Membership {
  readonly key: string;
  /** As the server shows it, once it has. */
  name: string;
  readonly order: RoomOrder;
  readonly sends: RoomSends;
  readonly #host: MembershipHost;
  readonly #options: JoinOptions;
  #state: State = 'outside';
  #entered = false;
  #creates = 0;
  #refusals = 0;
  #retryAt = NEVER;
  #joiners: number[] = [];
  #leaving = false;
  #leavers: number[] = [];
  /** Answers may come all the same, and the room may be joined anew meanwhile. */
  #over = false;

  constructor(key: string, name: string, options: JoinOptions, host: MembershipHost) {
    this.key = key;
    this.name = name;
    this.#options = options;
    this.#host = host;
    const about = (asked: Asked) => (frame: ClientFrame) => this.#isAbout(asked, frame);
    this.order = new RoomOrder(
      {
        event: (event) => host.emit(inRoom(this.name, event)),
        find: (epoch, seq) => {
          const asked = { epoch, from: seq };
          const settle = (outcome: Outcome) => this.#found(asked, outcome);
          host.ask('FINDSEQUENCE', [this.name, epoch, seq], settle, about(asked));
        },
        history: (epoch, from, count) => {
          const settle = (outcome: Outcome) => this.#read({ epoch, from }, outcome);
          host.ask('HISTORY', [this.name, epoch, from, count], settle, (frame) => roomKey(frame.args[0] ?? '') === key);
        },
      },
      host.limits.order,
      options.since,
    );
    this.sends = new RoomSends(
      {
        transmit: ({ text, seq, id }) => host.write('CSEND', text, this.name, seq === 0 ? '' : seq, id),
        settled: (request, outcome) => {
          host.settle(request, outcome);
          if (this.leaving) this.#leaveWhenSettled();
        },
      },
      host.pace,
      { window: host.limits.sendWindow, late: host.late },
    );
  }

  get leaving(): boolean {
    return this.#leaving;
  }

  /** When tick() wants to be called; Infinity for never. */
  get deadline(): number {
    return Math.min(this.#retryAt, this.order.deadline, this.sends.deadline);
  }

  /** Joins, or joins again to be answered; `request` is settled with the answer. */
  join(request: number): void {
    this.#joiners.push(request);
    if (this.#host.online && this.#state !== 'asking') this.#ask();
  }

  /** Leaves once everything sent is settled. */
  leave(request: number): void {
    this.#leavers.push(request);
    this.#leave();
  }

  /**
   * Gives up what was asked for under `request`, and says whether it was asked here. A room that nobody waits for to
   * enter is left; leaving goes on, and nobody hears when it is done.
   */
  cancel(request: number): boolean {
    if (this.sends.cancel(request, this.#host.now)) return true;
    const error = new ClientError('ABORTED', 'given up before it was done', true);
    const joiner = this.#joiners.indexOf(request);
    const leaver = this.#leavers.indexOf(request);
    if (joiner < 0 && leaver < 0) return false;
    if (leaver >= 0) this.#leavers.splice(leaver, 1);
    else this.#joiners.splice(joiner, 1);
    this.#host.settle(request, error);
    if (joiner >= 0 && this.#joiners.length === 0 && !this.#entered) this.#leave();
    return true;
  }

  /** The client is registered. */
  connected(): void {
    this.#ask();
  }

  disconnected(): void {
    this.#state = 'outside';
    this.#retryAt = NEVER;
    this.order.disconnected();
    this.sends.close();
    if (this.leaving) this.#leaveWhenSettled();
  }

  tick(): void {
    const { now } = this.#host;
    if (now >= this.#retryAt) this.#tryAgain();
    this.order.tick(now);
    this.sends.tick(now);
  }

  /** RPL_WELCOME: the slots that were missed follow right behind it. */
  welcome(args: readonly string[]): void {
    const [name = '', , , epoch = '', nextText, floorText, recovered = ''] = args;
    const next = readNumber(nextText);
    if (next === undefined || next < 1) return;
    const before = this.order.position;
    this.name = name;
    this.#refusals = 0;
    this.#creates = 0;
    // Joined again while inside: the stream was never interrupted, and what is replayed was had.
    if (this.#state === 'in') return;
    this.#host.emit({ kind: 'entered', room: name, again: this.#entered, epoch, next });
    this.#entered = true;
    this.order.welcome(epoch, next, readNumber(floorText) ?? next, recovered === '1', this.#host.now);
    // Another epoch that does not follow ours: most likely another room, which knows none of our ids.
    if (before !== undefined && recovered !== '1' && before.epoch !== epoch) this.sends.forgotten();
    this.#state = 'in';
    this.sends.open(this.#host.now);
  }

  /** The end of it: everything unsettled fails. */
  fail(error: ClientError): void {
    this.#over = true;
    this.#state = 'outside';
    this.#retryAt = NEVER;
    for (const request of this.#joiners.splice(0)) this.#host.settle(request, error);
    for (const request of this.#leavers.splice(0)) this.#host.settle(request, error);
    this.sends.fail(error);
  }

  #tryAgain(): void {
    this.#retryAt = NEVER;
    if (this.#leaving && this.#state === 'in') this.#leaveWhenSettled();
    else this.#ask();
  }

  #ask(): void {
    this.#retryAt = NEVER;
    if (this.#state !== 'in') this.#state = 'asking';
    const position = this.order.position;
    const args = position === undefined ? [this.name] : [this.name, position.epoch, position.last];
    const fits = (frame: ClientFrame) => roomKey(frame.args[0] ?? '') === this.key;
    this.#host.ask('JOINROOM', args, (outcome) => this.#asked(outcome), fits);
  }

  #asked(outcome: Outcome): void {
    if (this.#over) return;
    if ('lines' in outcome) {
      for (const request of this.#joiners.splice(0)) this.#host.settle(request, outcome.lines);
      if (this.leaving) this.#leaveWhenSettled();
      return;
    }
    const { error } = outcome;
    if (error.code === 'DISCONNECTED' || error.code === 'CLOSED') return;
    const mayCreate = !this.#leaving && (this.#entered ? this.#options.recreate : this.#options.create) === true;
    if (error.code === 'ERR_NOSUCHROOM' && mayCreate && this.#creates < CREATE_TRIES) return this.#create();
    this.#refused(error);
  }

  #create(): void {
    this.#creates++;
    this.#host.ask('CREATEROOM', [this.name], (outcome) => {
      if (this.#over) return;
      if ('lines' in outcome || outcome.error.code === 'ERR_ROOMEXISTS') this.#ask();
      else if (outcome.error.code !== 'DISCONNECTED' && outcome.error.code !== 'CLOSED') this.#refused(outcome.error);
    });
  }

  #refused(error: ClientError): void {
    if (error.retriable || error.code === 'TIMEOUT') {
      if (this.#state !== 'in') this.#state = 'waiting';
      this.#retryLater();
      if (this.leaving) this.#leaveWhenSettled();
      return;
    }
    if (this.#entered) this.#host.emit({ kind: 'expelled', room: this.name, error });
    this.fail(error);
    this.#host.remove(this);
  }

  #retryLater(): void {
    const { retryMs, retryMaxMs } = this.#host.limits;
    this.#retryAt = this.#host.now + Math.min(retryMs * 2 ** Math.min(this.#refusals++, 16), retryMaxMs);
  }

  #leave(): void {
    this.#leaving = true;
    this.#leaveWhenSettled();
  }

  #leaveWhenSettled(): void {
    if (this.sends.size > 0 || this.#state === 'asking') return;
    const done = (lines: Lines): void => {
      for (const request of this.#leavers.splice(0)) this.#host.settle(request, lines);
      this.fail(new ClientError('NOT_IN_ROOM', `left ${this.name}`));
      this.#host.remove(this);
    };
    if (this.#state !== 'in') return done([]);
    this.#state = 'asking';
    this.#host.ask(
      'LEAVEROOM',
      [this.name],
      (outcome) => {
        if ('lines' in outcome) done(outcome.lines);
        else if (outcome.error.retriable && this.#host.online) {
          this.#state = 'in';
          this.#retryLater();
        } else done([]);
      },
      (frame) => roomKey(frame.args[0] ?? '') === this.key,
    );
  }

  #isAbout(asked: Asked, frame: ClientFrame): boolean {
    const [room = '', epoch, seq] = frame.args;
    return roomKey(room) === this.key && epoch === asked.epoch && seq === String(asked.from);
  }

  #found(asked: Asked, outcome: Outcome): void {
    if ('error' in outcome) return this.#unanswered(asked, outcome);
    // A pending slot has its milliseconds where a message has its nickname; a message is with the order already.
    const [line = []] = outcome.lines;
    const ms = line.length >= 4 && line.length < 6 ? readNumber(line[3]) : undefined;
    if (ms !== undefined) this.order.pending(asked, ms, this.#host.now);
  }

  #read(asked: Asked, outcome: Outcome): void {
    if ('error' in outcome) return this.#unanswered(asked, outcome);
    const [, epoch = '', next] = outcome.lines.at(-1) ?? [];
    this.order.endOfHistory(asked, epoch, readNumber(next) ?? asked.from, this.#host.now);
  }

  #unanswered(asked: Asked, { error, args }: Extract<Outcome, { error: ClientError }>): void {
    const { now } = this.#host;
    if (error.code === 'ERR_SEQUENCEGONE') this.order.gone(asked, readNumber(args[4]) ?? 0, now);
    else this.order.refused(asked, error.code === 'ERR_NOSUCHSEQUENCE', now);
  }
}
