// The plainest state that facts can be about: users, memberships and rooms, kept a part an origin, and the owners of
// nicknames derived from all of them. It speaks the frames that chat and order will speak, and can be told to err.

import type { ServerId } from '../../src/base/ids.ts';
import type { FrameCursor } from '../../src/mesh/group.ts';
import type { Departure, State, Verdict } from '../../src/mesh/replica-ports.ts';
import { compareEpochs, foldNick, isNick, isUser, parseEpoch, parseUid, roomKey } from '../../src/wire/names.ts';
import { Frame } from '../../src/wire/scanner.ts';
import type { FrameWriter } from '../../src/wire/writer.ts';

interface User {
  nick: string;
  time: string;
  readonly rest: readonly string[];
}

interface Part {
  readonly users: Map<string, User>;
  readonly rooms: Map<string, readonly string[]>;
  /** `uid room` */
  readonly members: Set<string>;
}

const ARITY: Readonly<Record<string, number>> = {
  ...{ USER: 6, NICK: 3, JOINROOM: 2, LEAVEROOM: 2, QUIT: 2, ROOM: 5, NOROOM: 2, BMSG: 1, SQUIT: 3 },
};
const TIME = /^(0|[1-9][0-9]{0,14})$/;

export class ReferenceState implements State {
  readonly parts = new Map<ServerId, Part>();
  /** What was told through BMSG, and what was forgotten. */
  readonly heard: string[] = [];
  readonly forgotten: { readonly origin: ServerId; readonly why: Departure }[] = [];
  /** Called with every frame that is applied. */
  onApply: (origin: ServerId, verb: string) => void = () => {};

  check(origin: ServerId, incarnation: number, frame: Frame): Verdict {
    const verb = frame.verb();
    const arity = ARITY[verb];
    if (arity === undefined) return 'unknown';
    if (frame.argc < arity) return 'bad';
    const owned = (): boolean => {
      const uid = parseUid(frame.arg(0));
      return uid?.id === origin && uid.counter >= incarnation * 1000;
    };
    switch (verb) {
      case 'USER':
        return owned() && isNick(frame.arg(1)) && isUser(frame.arg(2)) && TIME.test(frame.arg(5)) ? 'good' : 'bad';
      case 'NICK':
        return owned() && isNick(frame.arg(1)) && TIME.test(frame.arg(2)) ? 'good' : 'bad';
      case 'JOINROOM':
      case 'LEAVEROOM':
        return owned() && roomKey(frame.arg(1)) !== undefined ? 'good' : 'bad';
      case 'QUIT':
        return owned() ? 'good' : 'bad';
      case 'ROOM':
      case 'NOROOM':
        return roomKey(frame.arg(0)) !== undefined && parseEpoch(frame.arg(1)) !== undefined ? 'good' : 'bad';
      default:
        return 'good';
    }
  }

  apply(origin: ServerId, frame: Frame): void {
    const verb = frame.verb();
    const part = this.part(origin);
    const [a, b] = [frame.arg(0), frame.arg(1)];
    this.onApply(origin, verb);
    if (verb === 'USER') {
      const rest = [frame.arg(2), frame.arg(3), frame.arg(4)];
      part.users.set(a, { nick: b, time: frame.arg(5), rest });
    } else if (verb === 'NICK') {
      const user = part.users.get(a);
      if (user !== undefined) Object.assign(user, { nick: b, time: frame.arg(2) });
    } else if (verb === 'JOINROOM') {
      if (part.users.has(a)) part.members.add(`${a} ${b}`);
    } else if (verb === 'LEAVEROOM') part.members.delete(`${a} ${b}`);
    else if (verb === 'QUIT') {
      part.users.delete(a);
      for (const one of part.members) if (one.startsWith(`${a} `)) part.members.delete(one);
    } else if (verb === 'ROOM') {
      const known = part.rooms.get(a);
      if (known === undefined || compareEpochs(b, known[0] as string) >= 0) {
        part.rooms.set(a, [b, frame.arg(2), frame.arg(3), frame.arg(4)]);
      }
    } else if (verb === 'NOROOM') {
      if (part.rooms.get(a)?.[0] === b) part.rooms.delete(a);
    } else if (verb === 'BMSG') this.heard.push(a);
  }

  restore(origin: ServerId, frames: FrameCursor): void {
    this.parts.delete(origin);
    this.part(origin);
    const frame = new Frame();
    while (frames.next(frame)) this.apply(origin, frame);
  }

  snapshot(origin: ServerId, frames: FrameWriter): void {
    const part = this.parts.get(origin);
    if (part === undefined) return;
    for (const [uid, { nick, time, rest }] of part.users) {
      frames.begin('USER').arg(uid).arg(nick);
      for (const one of rest) frames.arg(one);
      frames.arg(time).end();
    }
    for (const [room, rest] of part.rooms) {
      frames.begin('ROOM').arg(room);
      for (const one of rest) frames.arg(one);
      frames.end();
    }
    for (const one of part.members) {
      const space = one.indexOf(' ');
      frames
        .begin('JOINROOM')
        .arg(one.slice(0, space))
        .arg(one.slice(space + 1))
        .end();
    }
  }

  forget(origin: ServerId, why: Departure): void {
    this.parts.delete(origin);
    this.forgotten.push({ origin, why });
  }

  part(origin: ServerId): Part {
    let part = this.parts.get(origin);
    if (part === undefined) {
      part = { users: new Map(), rooms: new Map(), members: new Set() };
      this.parts.set(origin, part);
    }
    return part;
  }

  /** An origin's part as text that is the same for equal parts. */
  text(origin: ServerId): string {
    const part = this.parts.get(origin);
    if (part === undefined) return '';
    const lines = [
      ...[...part.users].map(([uid, { nick, time, rest }]) => `${uid} is ${[nick, time, ...rest].join('|')}`),
      ...[...part.rooms].map(([room, rest]) => `${room} at ${rest.join('|')}`),
      ...[...part.members].map((one) => `in ${one}`),
    ];
    return lines.sort().join('\n');
  }

  /** Folded nickname → the uid that owns it: the earliest claim, and of equally early ones the lower uid. */
  owners(): Map<string, string> {
    const best = new Map<string, { readonly uid: string; readonly rank: readonly number[] }>();
    for (const part of this.parts.values()) {
      for (const [uid, { nick, time }] of part.users) {
        const { id, counter } = parseUid(uid) as { id: number; counter: number };
        const rank = [Number(time), id, counter];
        const other = best.get(foldNick(nick));
        if (other === undefined || before(rank, other.rank)) best.set(foldNick(nick), { uid, rank });
      }
    }
    return new Map([...best].map(([nick, { uid }]) => [nick, uid]));
  }
}

function before(a: readonly number[], b: readonly number[]): boolean {
  for (const [i, value] of a.entries()) if (value !== b[i]) return value < (b[i] as number);
  return false;
}
