// The context of a command: the state that commands change, and the few ways in which all of them answer. Refusing
// costs the peer a token, so that errors cannot be had for nothing; who goes on in debt is closed.
//
// Commands run one at a time and to their end, so one writer serves them all: begin(), write, then send what was
// written once or to many. Nothing written is kept past the command.

import { assert } from '../base/assert.ts';
import type { Ending } from '../base/ending.ts';
import type { Epoch } from '../base/ids.ts';
import type { Frame } from '../wire/scanner.ts';
import { FrameWriter } from '../wire/writer.ts';
import { charge, take } from './bucket.ts';
import type { ChatConfig } from './config.ts';
import { end } from './departure.ts';
import { Elsewhere } from './elsewhere.ts';
import { writeFact } from './facts.ts';
import { Guesses } from './guesses.ts';
import { Nicknames } from './nicknames.ts';
import { Places, type Way } from './places.ts';
import type { Network, Out, Peers } from './ports.ts';
import { ERRORS, type ErrorName, error, REASONS } from './replies.ts';
import { Rooms } from './rooms.ts';
import { ENDED, type Held, type Session } from './session.ts';
import type { Users } from './users.ts';

export class Context {
  readonly config: ChatConfig;
  readonly out: Out;
  readonly network: Network;
  readonly peers: Peers;
  readonly users: Users;
  readonly nicknames: Nicknames;
  readonly rooms: Rooms;
  readonly elsewhere: Elsewhere;
  readonly guesses = new Guesses();
  /** Where else clients may connect today. */
  readonly places: Places;
  /** What RPL_LIMITS says today. */
  limits: ChatConfig['announcedLimits'];
  /** Whose command is obeyed that waited; its input waits still. */
  obeyedAgain: Session | undefined = undefined;
  /** The round of telling: whoever bears its mark was told. */
  round = 0;
  /** Errors that were said since the start, by name. */
  readonly errors = new Map<string, number>();
  /** Times that a number was reserved, or told again, since the start. */
  reservations = 0;
  readonly #frames = new FrameWriter(1024);
  readonly #facts = new FrameWriter();

  constructor(config: ChatConfig, out: Out, users: Users, network: Network, peers: Peers) {
    this.config = config;
    this.out = out;
    this.users = users;
    this.network = network;
    this.peers = peers;
    this.nicknames = new Nicknames(config);
    this.rooms = new Rooms();
    this.elsewhere = new Elsewhere(this);
    this.places = new Places(config.servers);
    this.limits = config.announcedLimits;
  }

  /** The writer, empty. What it held before is gone. */
  begin(): FrameWriter {
    this.#frames.clear();
    return this.#frames;
  }

  /** Says what was written to one session; an ended one hears nothing. */
  reply(session: Session): void {
    if (session.state === ENDED) return;
    this.out.reply(session.connection, this.#frames.bytes, 0, this.#frames.length);
  }

  /** Says what `write` writes to every client of this server that is registered, or to those that came one way. */
  sayToAll(write: (frames: FrameWriter) => void, way?: Way): void {
    write(this.begin());
    for (const { session } of this.users.all()) {
      if (session !== undefined && (way === undefined || session.way === way)) this.reply(session);
    }
  }

  /** Tells the network what has happened to a user of this server. */
  tell(verb: string, ...args: readonly (string | number)[]): void {
    this.#facts.clear();
    writeFact(this.#facts, verb, ...args);
    this.peers.fact(this.#facts.bytes, 0, this.#facts.length);
  }

  /** Refuses the command in `frame`. */
  refuse(
    session: Session,
    frame: Frame,
    now: number,
    name: ErrorName,
    subject: string,
    text: string = ERRORS[name],
  ): void {
    this.refuseVerb(session, frame.verb(), now, name, subject, text, frame.arg(2), frame.arg(3));
  }

  /** Refuses a command of which only this is known; `seq` and `id` are those of a CSEND, '' for none. */
  refuseVerb(
    session: Session,
    verb: string,
    now: number,
    name: ErrorName,
    subject: string,
    text: string = ERRORS[name],
    seq = '',
    id = '',
  ): void {
    const frames = error(this.begin(), name, verb, subject, text);
    if (verb === 'CSEND' && (seq !== '' || id !== '')) frames.arg(seq).arg(id);
    frames.end();
    this.erred(name);
    this.reply(session);
    this.charge(session, now);
  }

  /** Counts an error that is said. */
  erred(name: string): void {
    this.errors.set(name, (this.errors.get(name) ?? 0) + 1);
  }

  /** Refuses what is kept no longer, and names where the room's memory begins. */
  refuseGone(session: Session, frame: Frame, epoch: Epoch, floor: number, now: number): void {
    const text = ERRORS.ERR_SEQUENCEGONE;
    error(this.begin(), 'ERR_SEQUENCEGONE', frame.verb(), frame.arg(0), text).arg(epoch).arg(floor).end();
    this.erred('ERR_SEQUENCEGONE');
    this.reply(session);
    this.charge(session, now);
  }

  /** Takes what the command costs; false when it was refused, as it may not be done now. */
  spend(session: Session, frame: Frame, cost: number, now: number): boolean {
    const { flood } = this.config.limits;
    if (flood === undefined || take(session, cost, flood, now)) return true;
    this.refuse(session, frame, now, 'ERR_FLOODING', '*');
    return false;
  }

  /** Keeps a command for later; the session's input waits, or goes on waiting where the command waited before. */
  hold(session: Session, frame: Frame, until: Held['until']): void {
    assert(session.held === undefined, 'a frame while the input waits');
    session.held = { frame: frame.bytes.slice(frame.start, frame.end), until };
    if (this.obeyedAgain !== session) this.out.pause(session.connection);
  }

  /** Takes tokens for something refused, and closes the session that is a whole burst in debt. */
  charge(session: Session, now: number, cost = 1): void {
    const { flood } = this.config.limits;
    if (flood !== undefined && !charge(session, cost, flood, now)) this.close(session, REASONS.flooding, now);
  }

  /** Says ERROR to the session and ends it. */
  close(session: Session, reason: string, now: number, why?: Ending): void {
    if (session.state === ENDED) return;
    this.out.close(session.connection, reason, why);
    end(this, session, reason, now);
  }
}
