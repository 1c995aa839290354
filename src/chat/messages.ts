// Messages to a room, and the numbers that they are sent under. CSEND is the path that everything else makes way for:
// no string and no object is made on it unless the message brings an id, names a room in another spelling, or is
// refused. The text goes on in the sender's own bytes.

import { unreachable } from '../base/assert.ts';
import { equalBytes } from '../base/bytes.ts';
import type { Epoch, RoomKey } from '../base/ids.ts';
import type { ReserveOutcome, SendOutcome } from '../base/outcome.ts';
import { EXPIRED, ID_REUSED, SENT, SENT_BEFORE, UNAVAILABLE, WAITING } from '../base/outcome.ts';
import { canonicalize, isCanonical } from '../wire/canonical.ts';
import { isMessageId, parseEpoch } from '../wire/names.ts';
import type { Frame } from '../wire/scanner.ts';
import type { Context } from './context.ts';
import { optionalFromOne, parseFromOne } from './numbers.ts';
import { ERRORS, newSequence, pending, sent as sentFrame, TEXTS } from './replies.ts';
import type { Room } from './rooms.ts';
import type { Session } from './session.ts';
import type { User } from './users.ts';

/** Where the arguments of CSEND stand. */
const TEXT = 0;
const ROOM = 1;
const SEQ = 2;
const ID = 3;

export function csend(context: Context, session: Session, frame: Frame, now: number): void {
  const seq = frame.argc > SEQ ? optionalFromOne(frame, SEQ) : 0;
  if (seq < 0) return context.refuse(session, frame, now, 'ERR_BADARGUMENT', frame.arg(SEQ), TEXTS.seq);
  const id = frame.argc > ID ? frame.arg(ID) : '';
  if (id !== '' && !isMessageId(id)) {
    return context.refuse(session, frame, now, 'ERR_BADARGUMENT', id, TEXTS.id);
  }
  let bytes = frame.bytes;
  let start = frame.argStart[TEXT] as number;
  let end = frame.argEnd[TEXT] as number;
  if (frame.argEscaped[TEXT] !== 0 && !isCanonical(bytes, start, end)) {
    bytes = canonicalize(bytes, start, end);
    start = 0;
    end = bytes.length;
  }
  const { textBytes } = context.config.limits;
  if (end - start > textBytes) return context.refuse(session, frame, now, 'ERR_TEXTTOOLONG', frame.arg(TEXT));
  const user = session.user as User;
  const named = frame.argc > ROOM && frame.argStart[ROOM] !== frame.argEnd[ROOM];
  const room = named ? roomOf(context, user, frame, ROOM) : session.current;
  if (room === undefined) return refuseRoom(context, session, frame, named ? frame.arg(ROOM) : '', now);
  const cost = 1 + ((room.members.size / 100) | 0) + ((end - start) >> 10);
  if (!context.spend(session, frame, cost, now)) return;
  const { order } = room.port;
  const outcome = order.send(session, user.uid, user.nickBytes, bytes, start, end, seq, id, now);
  if (outcome === WAITING) session.unanswered++;
  else if (outcome !== SENT || id !== '') {
    const asked = seq === 0 ? '' : frame.arg(SEQ);
    answer(context, session, room, outcome, order.sentEpoch ?? order.epoch, order.sentSeq, asked, id, now);
  }
}

/** The outcome of a send that had to wait. */
export function sent(
  context: Context,
  session: Session,
  key: RoomKey,
  outcome: SendOutcome,
  seq: number,
  id: string,
  now: number,
  epoch?: Epoch,
): void {
  const room = context.rooms.get(key);
  if (room === undefined) return;
  const slot = epoch ?? room.port.order.epoch;
  answer(context, session, room, outcome, slot, seq, seq === 0 ? '' : String(seq), id, now);
}

/** Tells the sender what became of its message: `epoch` and `slot` are where it stands, `seq` the number it was sent under. */
function answer(
  context: Context,
  session: Session,
  room: Room,
  outcome: SendOutcome,
  epoch: Epoch,
  slot: number,
  seq: string,
  id: string,
  now: number,
): void {
  switch (outcome) {
    case SENT:
    case SENT_BEFORE:
      if (id === '') return;
      sentFrame(context.begin(), room, epoch, slot, id);
      return context.reply(session);
    case ID_REUSED:
      return context.refuseVerb(session, 'CSEND', now, 'ERR_BADARGUMENT', id, TEXTS.idReused, seq, id);
    case EXPIRED:
      return refuseSend(context, session, 'ERR_SEQUENCEEXPIRED', seq, seq, id, now);
    case UNAVAILABLE:
      return refuseSend(context, session, 'ERR_ROOMUNAVAILABLE', room.name, seq, id, now);
    case WAITING:
      return;
    default:
      return unreachable(outcome);
  }
}

function refuseSend(
  context: Context,
  session: Session,
  name: 'ERR_SEQUENCEEXPIRED' | 'ERR_ROOMUNAVAILABLE',
  subject: string,
  seq: string,
  id: string,
  now: number,
): void {
  context.refuseVerb(session, 'CSEND', now, name, subject, ERRORS[name], seq, id);
}

/** The room that argument `i` names, if the user is in it. Compares bytes first: most name it as it is shown. */
function roomOf(context: Context, user: User, frame: Frame, i: number): Room | undefined {
  const start = frame.argStart[i] as number;
  const end = frame.argEnd[i] as number;
  const { rooms } = user;
  for (let n = 0; n < rooms.length; n++) {
    const room = rooms[n] as Room;
    if (equalBytes(frame.bytes, start, end, room.nameBytes, 0, room.nameBytes.length)) return room;
  }
  const room = context.rooms.find(frame.arg(i));
  return room?.members.has(user) ? room : undefined;
}

/** Says why `name` is no room that the user is in; '' when it named none and none is current. */
function refuseRoom(context: Context, session: Session, frame: Frame, name: string, now: number): void {
  if (name === '') return context.refuse(session, frame, now, 'ERR_NOTINROOM', '*');
  const exists = context.rooms.find(name) !== undefined;
  context.refuse(session, frame, now, exists ? 'ERR_NOTINROOM' : 'ERR_NOSUCHROOM', name);
}

/** The room that argument 0 names, if the user is in it; otherwise the command is refused. */
export function memberRoom(context: Context, session: Session, frame: Frame, now: number): Room | undefined {
  const room = context.rooms.find(frame.arg(0));
  if (room?.members.has(session.user as User)) return room;
  context.refuse(session, frame, now, room === undefined ? 'ERR_NOSUCHROOM' : 'ERR_NOTINROOM', frame.arg(0));
  return undefined;
}

export function getSequence(context: Context, session: Session, frame: Frame, now: number): void {
  const room = memberRoom(context, session, frame, now);
  if (room === undefined || !context.spend(session, frame, 1, now)) return;
  const outcome = room.port.order.reserve((session.user as User).uid, now);
  if (outcome === undefined) context.hold(session, frame, 'number');
  else answerNumber(context, session, frame, room, outcome, now);
}

/** The answer to a question for a number that had to wait, which `frame` had put. */
export function reserved(
  context: Context,
  session: Session,
  frame: Frame,
  key: RoomKey,
  outcome: ReserveOutcome,
  now: number,
): void {
  const room = context.rooms.get(key);
  if (room === undefined) context.refuse(session, frame, now, 'ERR_NOSUCHROOM', frame.arg(0));
  else answerNumber(context, session, frame, room, outcome, now);
}

function answerNumber(
  context: Context,
  session: Session,
  frame: Frame,
  room: Room,
  outcome: ReserveOutcome,
  now: number,
): void {
  if (outcome.kind === 'unavailable') {
    return context.refuse(session, frame, now, 'ERR_ROOMUNAVAILABLE', frame.arg(0), TEXTS.noNumber);
  }
  if (outcome.kind === 'refused') {
    const text = `No number now; ask again in ${outcome.retryMs} ms, or send without one`;
    return context.refuse(session, frame, now, 'ERR_FLOODING', frame.arg(0), text);
  }
  context.reservations++;
  newSequence(context.begin(), room, outcome.seq, outcome.ttlMs);
  context.reply(session);
}

export function findSequence(context: Context, session: Session, frame: Frame, now: number): void {
  const epoch = frame.arg(1);
  const seq = parseFromOne(frame.arg(2));
  if (parseEpoch(epoch) === undefined) {
    return context.refuse(session, frame, now, 'ERR_BADARGUMENT', epoch, TEXTS.epoch);
  }
  if (seq < 0) return context.refuse(session, frame, now, 'ERR_BADARGUMENT', frame.arg(2), TEXTS.seq);
  const room = memberRoom(context, session, frame, now);
  if (room === undefined || !context.spend(session, frame, 1, now)) return;
  const outcome = room.port.order.find(epoch as Epoch, seq, now);
  switch (outcome.kind) {
    case 'slot':
      return context.out.reply(session.connection, outcome.bytes, outcome.start, outcome.end);
    case 'pending':
      pending(context.begin(), room, epoch, seq, outcome.ms);
      return context.reply(session);
    case 'gone':
      return context.refuseGone(session, frame, room.port.order.epoch, outcome.floor, now);
    case 'never':
      return context.refuse(session, frame, now, 'ERR_NOSUCHSEQUENCE', frame.arg(2));
    default:
      return unreachable(outcome);
  }
}
