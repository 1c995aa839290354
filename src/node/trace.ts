// A trace: one connection followed in the log, by the nickname of its user. Each frame that comes from it and each that
// it takes is told by verb and size, with the arguments that are names, numbers and positions; so is what becomes of its
// session, when it takes nothing any more, and its end. It is followed until it has ended, whatever it is called then;
// who comes by that nickname next is followed next.
//
// It stands in front of chat, and behind the outbox of the one that it follows, for as long as there is one: where
// nobody is traced no frame passes it, and nothing asks whether it should. What it says is rationed.
//
// It never tells a text: what people say, why they leave, passwords, tokens, ids of messages, and verbs that nobody knows
// are left out. Arguments are shown where a row below says so, and nowhere else.

import type { ConnectionId } from '../base/ids.ts';
import type { Chat } from '../chat/chat.ts';
import { COMMANDS, findCommand } from '../chat/commands.ts';
import { ENDED, NEW, type Session } from '../chat/session.ts';
import type { Shared } from '../fanout/outbox.ts';
import { foldNick } from '../wire/names.ts';
import { FRAME, Frame, MORE, Scanner } from '../wire/scanner.ts';
import type { Connection } from './connection.ts';
import type { Ports } from './ports.ts';
import { Ration } from './ration.ts';

/** What is given what a connection sends: chat, or a trace in front of it. */
export type Hearing = Pick<Chat, 'command' | 'fault' | 'noise' | 'tooLong'>;

export interface TraceHost {
  readonly chat: Chat;
  readonly shared: Shared;
  readonly log: Ports['log'];
  /** The time of the present call, in Unix ms. */
  now(): number;
  connection(id: ConnectionId): Connection | undefined;
}

/** Lines a second; of what is more the number is told. */
const MOST_LINES = 200;
/** More than any frame to a client has, in bytes and arguments. */
const FRAME_BYTES = 64 * 1024;
const ARGUMENTS = 256;
const STATES = { [NEW]: 'new', 1: 'registered', [ENDED]: 'ended' } as const;

/**
 * The arguments of a client's frame that are shown. None of those with a text, as an unescaped comma in it makes
 * arguments of its parts, and none of those with a secret, which somebody may give in the wrong place.
 */
const SHOWN_IN: Readonly<Record<string, number>> = {
  ...{ NICK: 1, CREATEROOM: 1, JOINROOM: 3, LEAVEROOM: 1, ULIST: 1, LOCATE: 1 },
  ...{ GETSEQUENCE: 1, FINDSEQUENCE: 3, HISTORY: 4 },
};
/** The same of ours: the first so many. */
const SHOWN_OUT: Readonly<Record<string, number>> = {
  ...{ CMSG: 4, SKIPSEQUENCE: 3, EPOCH: 4, NEWSEQUENCE: 4, RPL_SENT: 3, RPL_PENDING: 4, RPL_LAGGED: 4 },
  ...{ RPL_ENDOFHISTORY: 3, JOINROOM: 2, LEAVEROOM: 2, NICK: 2, QUIT: 1, KILL: 1, LMSG: 1, BMSG: 2, RPL_LSENT: 1 },
  ...{ RPL_WELCOME: 2, RPL_YOURHOST: 2, RPL_ROOMCREATED: 2, RPL_MEMBERS: 2, RPL_ULIST: 2, RPL_ENDOFULIST: 2 },
  ...{ RPL_ROOM: 4, RPL_ENDOFROOMS: 1, RPL_MAP: 2, RPL_ENDOFMAP: 1, RPL_LOCATION: 1, RPL_WASLOCATION: 2 },
  ...{ RPL_YOUREOPER: 1, RPL_KILLED: 1, RPL_SCLOSED: 1, RPL_BSENT: 1 },
};

const VERBS: ReadonlySet<string> = new Set(COMMANDS.map(({ verb }) => verb));

/** The one that is followed. */
interface Followed {
  readonly session: Session;
  readonly connection: Connection;
  readonly since: number;
  readonly scanner: Scanner;
  state: Session['state'];
  /** It has said that it goes: what it is told then are its own words. */
  isParting: boolean;
  /** Since when it takes nothing, 0 while it does. */
  fullAt: number;
  framesIn: number;
  framesOut: number;
}

export class Trace implements Hearing {
  readonly #folded: string;
  readonly #host: TraceHost;
  readonly #frame = new Frame(ARGUMENTS);
  readonly #ration: Ration;
  #followed: Followed | undefined;

  /** Follows who has the nickname now, if somebody here has, else the first who takes it. */
  constructor(nick: string, host: TraceHost) {
    this.#folded = foldNick(nick);
    this.#host = host;
    this.#ration = new Ration(MOST_LINES, (lines) => host.log('info', 'trace.rest', { lines }));
    const session = host.chat.owner(nick)?.session;
    if (session !== undefined) this.#lookAt(session);
  }

  /** Whether it is about this nickname. */
  isOf(nick: string): boolean {
    return foldNick(nick) === this.#folded;
  }

  /** Follows nobody any more. */
  close(): void {
    this.#followed?.connection.outbox.through(this.#host.shared);
    this.#followed = undefined;
  }

  command(session: Session, frame: Frame, now: number): void {
    this.#lookAt(session);
    const before = this.#of(session);
    if (before !== undefined) this.#heard(before, frame);
    this.#host.chat.command(session, frame, now);
    // It may just have taken the nickname.
    if (before === undefined && this.#lookAt(session)) this.#heard(this.#followed as Followed, frame);
    this.#compareState();
  }

  fault(session: Session, verb: string, offset: number, reason: string, now: number): void {
    // A verb that nobody knows may be a word of a text.
    if (this.#of(session) !== undefined) this.#log('trace.bad', { offset, reason });
    this.#host.chat.fault(session, verb, offset, reason, now);
    this.#compareState();
  }

  noise(session: Session, kib: number, now: number): void {
    this.#host.chat.noise(session, kib, now);
  }

  tooLong(session: Session, limit: number, now: number): void {
    if (this.#of(session) !== undefined) this.#log('trace.bad', { offset: -1, reason: `over ${limit} bytes` });
    this.#host.chat.tooLong(session, limit, now);
    this.#compareState();
  }

  /** A connection is gone. */
  closed(connection: Connection, reason: string, now: number): void {
    const followed = this.#followed;
    if (followed?.connection !== connection) return;
    this.#followed = undefined;
    const { framesIn, framesOut, since } = followed;
    const { written, lags } = connection.outbox;
    this.#host.log('info', 'trace.closed', {
      ...{ connection: connection.id, reason, ms: now - since, framesIn, framesOut },
      ...{ receivedBytes: connection.scanner.offset, writtenBytes: written, lags },
    });
  }

  /** When tick() is wanted, in Unix ms. */
  get deadline(): number {
    return this.#ration.deadline;
  }

  tick(now: number): void {
    this.#ration.tick(now);
  }

  #of(session: Session): Followed | undefined {
    return this.#followed?.session === session ? this.#followed : undefined;
  }

  /** Follows the session where it is the one that is looked for, and no other is followed; whether it begins now. */
  #lookAt(session: Session): boolean {
    const { user, state } = session;
    if (user?.folded !== this.#folded || state === ENDED || this.#of(session) !== undefined) return false;
    if (this.#followed !== undefined && this.#followed.session.state !== ENDED) return false;
    const connection = this.#host.connection(session.connection);
    if (connection === undefined) return false;
    this.close();
    const scanner = new Scanner(FRAME_BYTES, ARGUMENTS);
    const counts = { isParting: false, fullAt: 0, framesIn: 0, framesOut: 0 };
    this.#followed = { session, connection, since: this.#host.now(), scanner, state, ...counts };
    connection.outbox.through(this.#tapped());
    const { nick, uid, host } = user;
    this.#log('trace.begun', { nick, uid, host, rooms: user.rooms.length });
    return true;
  }

  /** What the outbox of the followed one writes to: what everybody's does, with an ear at it. */
  #tapped(): Shared {
    const { transport, stamps } = this.#host.shared;
    return {
      stamps,
      transport: {
        offer: (id, bytes, start, end) => {
          const taken = transport.offer(id, bytes, start, end);
          this.#wrote(bytes, start, Math.max(taken, 0), end - start);
          return taken;
        },
      },
    };
  }

  #heard(followed: Followed, frame: Frame): void {
    followed.framesIn++;
    const verb = findCommand(frame)?.verb ?? '*';
    if (verb === 'QUIT' || verb === 'EXIT') followed.isParting = true;
    this.#log('trace.in', described(verb, frame, SHOWN_IN[verb] ?? 0));
  }

  #wrote(bytes: Uint8Array, start: number, taken: number, offered: number): void {
    const followed = this.#followed;
    if (followed === undefined) return;
    if (taken > 0) this.#read(followed, bytes.slice(start, start + taken));
    if (taken > 0 && followed.fullAt !== 0) {
      this.#log('trace.drained', { ms: Math.max(0, this.#host.now() - followed.fullAt) });
      followed.fullAt = 0;
    }
    if (taken >= offered) return;
    if (followed.fullAt !== 0) return;
    this.#log('trace.full', { offered, taken });
    followed.fullAt = this.#host.now();
  }

  /** Tells of every frame that is whole now. The rest of one that began before it was followed is none. */
  #read(followed: Followed, chunk: Uint8Array): void {
    const frame = this.#frame;
    followed.scanner.feed(chunk);
    for (;;) {
      const found = followed.scanner.next(frame);
      if (found === MORE) return;
      if (found !== FRAME) continue;
      followed.framesOut++;
      const verb = frame.verb();
      this.#log('trace.out', described(verb, frame, shownOf(verb, frame, followed)));
    }
  }

  #compareState(): void {
    const followed = this.#followed;
    if (followed === undefined || followed.state === followed.session.state) return;
    followed.state = followed.session.state;
    this.#log('trace.state', { state: STATES[followed.state] });
  }

  #log(event: string, fields: Readonly<Record<string, string | number>>): void {
    const { connection } = this.#followed as Followed;
    if (this.#ration.take(this.#host.now())) this.#host.log('info', event, { connection: connection.id, ...fields });
  }
}

/** How many arguments of a frame of ours are shown. */
function shownOf(verb: string, frame: Frame, { isParting }: Followed): number {
  if (verb === 'ERROR') return isParting ? 0 : 1;
  // An error names the command; what is none may be a word of a text.
  if (verb.startsWith('ERR_')) return VERBS.has(frame.arg(0)) ? 1 : 0;
  return SHOWN_OUT[verb] ?? 0;
}

function described(verb: string, frame: Frame, shown: number): Record<string, string | number> {
  const about = Array.from({ length: Math.min(shown, frame.argc) }, (_, i) => frame.arg(i)).join(' ');
  const fields = { verb, args: frame.argc, bytes: frame.end - frame.start };
  return about === '' ? fields : { ...fields, about };
}
