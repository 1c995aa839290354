// Lists: answers of many rows. Who and what is listed is taken down when the question is asked; the rows are written
// while the connection drains, a few at a time. What is taken down are references, as a thousand clients may ask for
// ten thousand rows and read none: names are those of that moment, the figures of a room those of its row.

import type { Epoch } from '../base/ids.ts';
import { parseEpoch } from '../wire/names.ts';
import type { Frame } from '../wire/scanner.ts';
import type { FrameWriter } from '../wire/writer.ts';
import type { Context } from './context.ts';
import { memberRoom } from './messages.ts';
import { optionalFromOne } from './numbers.ts';
import type { FrameSource, SlotReader } from './ports.ts';
import * as replies from './replies.ts';
import { TEXTS } from './replies.ts';
import type { Room } from './rooms.ts';
import type { Session } from './session.ts';

/** Rows written at a time. */
const ROWS_AT_ONCE = 32;

/** Rows already taken down, and what follows the last. */
class Rows<Row> implements FrameSource {
  readonly #rows: readonly Row[];
  readonly #write: (frames: FrameWriter, row: Row, i: number) => void;
  readonly #finish: (frames: FrameWriter, count: number) => void;
  #at = 0;

  constructor(
    rows: readonly Row[],
    write: (frames: FrameWriter, row: Row, i: number) => void,
    finish: (frames: FrameWriter, count: number) => void,
  ) {
    this.#rows = rows;
    this.#write = write;
    this.#finish = finish;
  }

  next(frames: FrameWriter): boolean {
    const stop = Math.min(this.#at + ROWS_AT_ONCE, this.#rows.length);
    for (; this.#at < stop; this.#at++) this.#write(frames, this.#rows[this.#at] as Row, this.#at);
    if (stop < this.#rows.length) return true;
    this.#finish(frames, this.#rows.length);
    return false;
  }
}

/** Slots of a room, and where to go on behind them. */
class Slots implements FrameSource {
  readonly #room: Room;
  readonly #epoch: Epoch;
  readonly #slots: SlotReader;

  constructor(room: Room, epoch: Epoch, slots: SlotReader) {
    this.#room = room;
    this.#epoch = epoch;
    this.#slots = slots;
  }

  next(frames: FrameWriter): boolean {
    if (this.#slots.next(frames)) return true;
    replies.endOfHistory(frames, this.#room, this.#slots.epoch ?? this.#epoch, this.#slots.at);
    return false;
  }
}

export function userList(context: Context, session: Session, frame: Frame, now: number): void {
  const room = context.rooms.find(frame.arg(0));
  if (room === undefined) return context.refuse(session, frame, now, 'ERR_NOSUCHROOM', frame.arg(0));
  // A list costs what it makes: as much as a message to the same room, and its rows are as many.
  if (!context.spend(session, frame, 2 + Math.floor(room.members.size / ROWS_A_POINT), now)) return;
  const { name } = room;
  const users = [...room.members];
  // A user may have another name by the time that its row is written; the text of this moment is shared by all lists.
  const idents = users.map((each) => each.ident);
  const source = new Rows(
    users,
    (frames, each, i) => replies.roomUser(frames, name, idents[i] as string, each.uid, each.server),
    (frames, count) => replies.endOfUsers(frames, name, count),
  );
  context.out.stream(session.connection, source);
}

export function roomList(context: Context, session: Session, frame: Frame, now: number): void {
  if (!context.spend(session, frame, 2 + Math.floor(context.rooms.size / ROWS_A_POINT), now)) return;
  const source = new Rows(
    [...context.rooms.all()],
    (frames, { name, members, port }) => replies.room(frames, name, members.size, port.order.epoch, port.order.next),
    replies.endOfRooms,
  );
  context.out.stream(session.connection, source);
}

export function map(context: Context, session: Session, frame: Frame, now: number): void {
  if (!context.spend(session, frame, 1, now)) return;
  const source = new Rows(context.network.servers(), replies.server, replies.endOfMap);
  context.out.stream(session.connection, source);
}

/** Rows of a list that cost one point. */
const ROWS_A_POINT = 100;

export function history(context: Context, session: Session, frame: Frame, now: number): void {
  const asked = frame.arg(1);
  const from = optionalFromOne(frame, 2);
  const count = optionalFromOne(frame, 3);
  if (asked !== '' && parseEpoch(asked) === undefined) {
    return context.refuse(session, frame, now, 'ERR_BADARGUMENT', asked, TEXTS.epoch);
  }
  if (from < 0) return context.refuse(session, frame, now, 'ERR_BADARGUMENT', frame.arg(2), TEXTS.seq);
  if (count < 0) return context.refuse(session, frame, now, 'ERR_BADARGUMENT', frame.arg(3), TEXTS.count);
  const room = memberRoom(context, session, frame, now);
  if (room === undefined || !context.spend(session, frame, 2, now)) return;
  const { order } = room.port;
  const epoch = asked === '' ? order.epoch : (asked as Epoch);
  const most = context.config.limits.historyCount;
  const slots = order.history(epoch, from, count === 0 ? most : Math.min(count, most));
  if (slots === undefined) return context.refuseGone(session, frame, order.epoch, order.floor, now);
  context.out.stream(session.connection, new Slots(room, epoch, slots));
}
