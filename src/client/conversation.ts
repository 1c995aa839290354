// What each frame of the server means to the client: which room, question or event it belongs to.
// It keeps no state of its own, and takes nothing on trust: a frame that lacks an argument, or names an epoch that is
// none, does nothing.

import { foldNick, parseEpoch, roomKey } from '../wire/names.ts';
import { ClientError } from './client-error.ts';
import { nickOf } from './client-events.ts';
import type { Branch, Message } from './epoch-slots.ts';
import { type ClientFrame, type ReceivedFrame, readNumber } from './frames.ts';
import type { Membership } from './membership.ts';
import type { Registration } from './registration.ts';
import type { Requests } from './requests.ts';
import type { ClientSession } from './session.ts';

export class Conversation {
  readonly #session: ClientSession;
  readonly #rooms: ReadonlyMap<string, Membership>;
  readonly #requests: Requests;
  readonly #registration: Registration;
  // Most frames name the room and the epoch of the frame before: neither is worked out again.
  #lastName: string | undefined;
  #lastRoom: Membership | undefined;
  #lastEpoch = '';

  constructor(
    session: ClientSession,
    rooms: ReadonlyMap<string, Membership>,
    requests: Requests,
    registration: Registration,
  ) {
    this.#session = session;
    this.#rooms = rooms;
    this.#requests = requests;
    this.#registration = registration;
  }

  /** Takes one frame of the server. */
  take(frame: ReceivedFrame): void {
    const { verb } = frame;
    if (verb === 'CMSG') return this.#takeSlot(frame, 6);
    if (verb.startsWith('ERR_')) return this.#takeError(frame);
    if (this.#takeRoomFrame(frame) || this.#takePresence(frame) || this.#takeSessionFrame(frame)) return;
    if (!this.#requests.reply(frame)) this.#session.emit({ kind: 'frame', verb: frame.verb, args: frame.args });
  }

  /** How to tell the answers of one question from those of another of the same verb. */
  fits(verb: string, args: readonly (string | number)[]): ((frame: ClientFrame) => boolean) | undefined {
    if (verb === 'PING') return (frame) => frame.args[0] === String(args[0] ?? '');
    if (verb !== 'CREATEROOM' && verb !== 'ULIST' && verb !== 'HISTORY' && verb !== 'GETSEQUENCE') return undefined;
    const key = roomKey(String(args[0] ?? ''));
    return (frame) => roomKey(frame.args[0] ?? '') === key;
  }

  /** Frames that belong to the order of a room. */
  #takeRoomFrame(frame: ReceivedFrame): boolean {
    const { verb, args } = frame;
    const { now } = this.#session;
    switch (verb) {
      case 'SKIPSEQUENCE':
        this.#takeSlot(frame, 3);
        return true;
      case 'EPOCH':
        this.#takeEpoch(args);
        return true;
      case 'RPL_LAGGED': {
        const [room = '', epoch = '', fromText, toText] = args;
        const [from, to] = [readNumber(fromText), readNumber(toText)];
        if (from === undefined || from < 1 || to === undefined || !this.#isEpoch(epoch)) return true;
        this.#session.emit({ kind: 'lagged', room, epoch, from, to });
        this.#room(room)?.order.lagged(epoch, from, to, now);
        return true;
      }
      case 'RPL_SENT':
        this.#room(args[0])?.sends.sent(args[3] ?? '', args, now);
        return true;
      case 'RPL_WELCOME': {
        if (args[0] === '*') {
          this.#registration.welcome(args);
          return true;
        }
        if (this.#isEpoch(args[3] ?? '')) this.#room(args[0])?.welcome(args);
        return this.#requests.reply(frame);
      }
      case 'RPL_ENDOFHISTORY':
        return this.#isEpoch(args[1] ?? '') ? this.#requests.reply(frame) : true;
      default:
        return false;
    }
  }

  #takeSlot(frame: ReceivedFrame, arity: number): void {
    const epoch = frame.name(1);
    const seq = frame.number(2);
    if (seq < 1 || !this.#isEpoch(epoch) || frame.count < arity) return;
    this.#room(frame.name(0))?.order.slot(epoch, seq, arity === 3 ? undefined : messageIn(frame), this.#session.now);
    if (this.#requests.empty) return;
    this.#requests.answer('FINDSEQUENCE', frame, true);
    this.#requests.answer('HISTORY', frame, false);
  }

  #takeEpoch(args: readonly string[]): void {
    const [room = '', epoch = '', nextText, oldEpoch = '', oldLastText] = args;
    const next = readNumber(nextText);
    if (next === undefined || !this.#isEpoch(epoch)) return;
    const branches: Branch[] = [];
    for (let i = 5; i + 2 < args.length; i += 3) {
      const [from, last] = [readNumber(args[i + 1]), readNumber(args[i + 2])];
      if (from !== undefined && last !== undefined) branches.push({ epoch: args[i] ?? '', from, last });
    }
    const oldLast = readNumber(oldLastText) ?? 0;
    this.#room(room)?.order.epoch({ epoch, next, oldEpoch, oldLast, branches, seen: true }, this.#session.now);
  }

  /** Who comes, goes and is called what. */
  #takePresence(frame: ClientFrame): boolean {
    const { verb, args } = frame;
    const [first = '', second = ''] = args;
    switch (verb) {
      case 'JOINROOM':
        this.#session.emit({ kind: 'joined', room: first, ident: second });
        return true;
      case 'LEAVEROOM':
        this.#takeLeave(frame);
        return true;
      case 'NICK': {
        const own = this.#isOwn(first);
        if (own) this.#registration.renamed(second);
        this.#session.emit({ kind: 'renamed', ident: first, nick: second, own });
        if (own) this.#requests.answer('NICK', frame, true);
        return true;
      }
      case 'QUIT':
        this.#session.emit({ kind: 'quit', ident: first, reason: second });
        return true;
      case 'RPL_MEMBERS':
        this.#session.emit({ kind: 'members', room: first, count: readNumber(second) ?? 0 });
        return true;
      default:
        return false;
    }
  }

  #takeLeave(frame: ClientFrame): void {
    const [room = '', ident = ''] = frame.args;
    const own = this.#isOwn(ident);
    this.#session.emit({ kind: 'left', room, ident, own });
    if (!own || this.#requests.answer('LEAVEROOM', frame, true)) return;
    const membership = this.#room(room);
    if (membership === undefined) return;
    const error = new ClientError('NOT_IN_ROOM', `the server took us out of ${room}`);
    this.#session.emit({ kind: 'expelled', room, error });
    membership.fail(error);
    this.#session.remove(membership);
  }

  /** Frames about the connection, and messages to the user alone. */
  #takeSessionFrame(frame: ClientFrame): boolean {
    const session = this.#session;
    const { verb, args } = frame;
    switch (verb) {
      case 'PING':
        session.write('PONG', ...args);
        return true;
      case 'PONG':
        this.#requests.answer('PING', frame, true);
        return true;
      case 'RPL_YOURHOST':
        this.#registration.server = args[0] ?? '';
        return true;
      case 'RPL_CREATED':
      case 'RPL_MYINFO':
        return true;
      case 'RPL_SERVERS':
        session.learnServers(args);
        return true;
      case 'RPL_LIMITS':
        session.welcomed(readLimits(args), args.includes('ack=replicated'));
        return true;
      case 'LMSG':
        session.emit({ kind: 'told', nick: args[0] ?? '', time: readNumber(args[1]) ?? 0, text: args[2] ?? '' });
        return true;
      case 'BMSG': {
        const [nick = '', scope = '', time, text = ''] = args;
        session.emit({ kind: 'broadcast', nick, scope, time: readNumber(time) ?? 0, text });
        return true;
      }
      case 'KILL': {
        const reason = `killed: ${args[1] ?? ''}`;
        if (this.#isOwn(args[0] ?? '')) session.close(reason, new ClientError('CLOSED', reason));
        return true;
      }
      case 'ERROR':
        session.lost(args[0] ?? 'the server closed the connection');
        return true;
      default:
        return false;
    }
  }

  #takeError(frame: ClientFrame): void {
    const session = this.#session;
    if (!session.registered) return session.refused(frame);
    const [verb = '', , text = frame.verb] = frame.args;
    if (verb === 'CSEND') {
      const id = frame.args.at(-1) ?? '';
      const error = new ClientError(frame.verb as `ERR_${string}`, text);
      for (const room of [...this.#rooms.values()]) if (room.sends.refused(id, error, session.now)) return;
    } else if (verb === 'LSEND' && frame.verb === 'ERR_NOSUCHNICK') {
      const unknown = { verb: frame.verb, args: [frame.verb, ...frame.args] };
      if (this.#requests.answer('LSEND', unknown, false)) return;
    } else if (this.#requests.refuse(frame)) return;
    session.emit({ kind: 'frame', verb: frame.verb, args: frame.args });
  }

  #room(name: string | undefined): Membership | undefined {
    const last = this.#lastRoom;
    if (last !== undefined && name === this.#lastName && this.#rooms.get(last.key) === last) return last;
    const room = this.#rooms.get(roomKey(name ?? '') ?? '');
    this.#lastName = name;
    this.#lastRoom = room;
    return room;
  }

  #isEpoch(text: string): boolean {
    if (text === this.#lastEpoch) return text !== '';
    if (parseEpoch(text) === undefined) return false;
    this.#lastEpoch = text;
    return true;
  }

  #isOwn(identOrNick: string): boolean {
    return foldNick(nickOf(identOrNick)) === foldNick(this.#registration.nick);
  }
}

function messageIn(frame: ReceivedFrame): Message {
  return { nick: frame.name(3), time: Math.max(frame.number(4), 0), text: frame.text(5), id: frame.text(6) };
}

function readLimits(args: readonly string[]): Map<string, number> {
  const limits = new Map<string, number>();
  for (const arg of args) {
    const [name = '', text] = arg.split('=');
    const value = readNumber(text);
    if (value !== undefined) limits.set(name, value);
  }
  return limits;
}
