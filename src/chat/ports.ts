// What chat asks of the world around it. The node implements these; chat knows no bytes on a socket, no ring, no log
// and no subscriber. Everything said through a port is said in order: what chat says first arrives first.
//
// No port calls a method of Chat from within, but for two: Out.reply and RoomPort.announce may report connections that
// are lost by it (Chat.disconnected), and Out.resume may bring the frames that were waiting (Chat.command). An answer
// that comes later (sent, verified, roomDue) comes when whoever gives it is done with its own work, as what follows
// from it may ask the same room for something.

import type { Ending } from '../base/ending.ts';
import type { ConnectionId, Epoch, RoomKey, ServerId, Uid } from '../base/ids.ts';
import type { FindOutcome, ReserveOutcome, SendOutcome } from '../base/outcome.ts';
import type { FrameWriter } from '../wire/writer.ts';
import type { Session } from './session.ts';

/** Frames that are made while the connection drains. Writes some into `frames`; false when that were the last. */
export interface FrameSource {
  next(frames: FrameWriter): boolean;
}

/** Reads committed slots of a room one behind the other, in order of seq. */
export interface SlotReader extends FrameSource {
  /** The seq behind the last one read: where to go on. */
  readonly at: number;
  /** The epoch to go on in; left out by who has one epoch alone. */
  readonly epoch?: Epoch;
}

/** The order of one room: numbers, reservations, memory. */
export interface RoomOrder {
  readonly epoch: Epoch;
  /** The lowest slot that is not decided. */
  readonly next: number;
  /** 1 + the highest seq that is kept no longer. */
  readonly floor: number;
  /** The seq of the last SENT or SENT_BEFORE that send() answered. */
  readonly sentSeq: number;
  /** Its epoch; left out by who has one epoch alone. */
  readonly sentEpoch?: Epoch;
  /**
   * Numbers and decides a message. `nick` and text[start, end) are canonical bytes; `seq` 0: the room numbers it;
   * `id` '' for none. WAITING: Chat.sent(asker, …) follows, once, whatever becomes of the room and of the asker.
   */
  send(
    asker: Session,
    holder: Uid,
    nick: Uint8Array,
    text: Uint8Array,
    start: number,
    end: number,
    seq: number,
    id: string,
    now: number,
  ): SendOutcome;
  /** Undefined: Chat.reserved(holder, …) follows, once, unless release() comes before. */
  reserve(holder: Uid, now: number): ReserveOutcome | undefined;
  /** The holder left or was lost: its reservation is skipped at once. */
  release(holder: Uid, now: number): void;
  find(epoch: Epoch, seq: number, now: number): FindOutcome;
  /**
   * A reader of at most `count` slots from `from` on (0: the first kept), ending before an undecided slot;
   * undefined when `epoch` or `from` is kept no longer.
   */
  history(epoch: Epoch, from: number, count: number): SlotReader | undefined;
  /**
   * A reader of everything decided until now above `last`, for somebody who follows the room from now on. Slots that
   * are lost while it reads are spoken of as RPL_LAGGED.
   * undefined when `epoch` is unknown or the slots behind `last` are kept no longer.
   */
  resume(epoch: Epoch, last: number): SlotReader | undefined;
  /** Like resume, for a reader without a position: what is decided at or above `next`; undefined when that is nothing. */
  ahead(): SlotReader | undefined;
}

/** Order and delivery of one room. Created with the room, closed with it. */
export interface RoomPort {
  readonly order: RoomOrder;
  /** Another server is the room's home: only that one ends it when nobody is in it. */
  readonly elsewhere?: boolean;
  /**
   * Whether `order` can say what who joins has to know, and has come as far as it has read elsewhere: slot `last` of
   * `epoch`, '' for nothing. 'later': Chat.again(asker, now) follows when it can, or cannot for now. Where this is left
   * out it always can.
   */
  ready?(asker: Session, epoch: Epoch | '', last: number): 'yes' | 'later' | 'no';
  /** Hears when the first user of a server, this one or another, has come into the room, and when the last has left. */
  readonly peopled?: ((server: ServerId, some: boolean) => void) | undefined;
  /** From now on the connection gets what is announced and published in the room. */
  subscribe(connection: ConnectionId): void;
  /** The connection still gets what came until now, and nothing later. */
  unsubscribe(connection: ConnectionId): void;
  /** A subscriber is told by itself how the room stands. */
  welcomed?(connection: ConnectionId): void;
  /** Frames for every subscriber, once each. */
  announce(bytes: Uint8Array, start: number, end: number): void;
  /** Asks for Chat.roomDue(key, now) at `at` (Unix ms), never from within this call; a later call moves it. */
  wakeAt(at: number): void;
  /** The room has ended; nothing is asked of this port afterwards. */
  close(): void;
}

export interface Out {
  /** Makes the order and delivery of a new room; its epoch is above every one before. */
  openRoom(key: RoomKey, name: string, now: number): RoomPort;
  /** Frames for one connection. The bytes are copied. */
  reply(connection: ConnectionId, bytes: Uint8Array, start: number, end: number): void;
  /** Frames for one connection, made as it drains; its input waits until they are written. At most one at a time. */
  stream(connection: ConnectionId, source: FrameSource): void;
  /**
   * Says `<ERROR,reason>` behind what was said before, and closes. No further frame of it is read. Why: `policy`, where
   * nothing is said.
   */
  close(connection: ConnectionId, reason: string, why?: Ending): void;
  /** Its input waits for a command: no further frame of it is read until resume(). Asked for once at a time. */
  pause(connection: ConnectionId): void;
  /** Its command is done: its input goes on, if it waits for nothing else. */
  resume(connection: ConnectionId): void;
  /**
   * Checks a password against a hash; Chat.verified(session, ok, now) follows, after which chat resumes the input that
   * it paused. False: too many wait, and nothing follows.
   */
  verify(session: Session, password: string, hash: string): boolean;
  /** A keyed, unforgeable token for a uid, as printable text. */
  token(uid: Uid): string;
  /** Whether `token` is the uid's, in constant time. */
  isToken(uid: Uid, token: string): boolean;
  /** A broadcast to servers, an operator's act, a refused login: one line for the log. Never a secret, nor a text that
   *  was not meant for the log. */
  log(event: string, fields: Readonly<Record<string, string | number>>): void;
  /** The server leaves the network gracefully and stops. */
  stop(reason: string): void;
}

/** One server as MAP and LOCATE speak of it. */
export interface ServerRow {
  readonly name: string;
  readonly id: ServerId;
  /** 0 for this server and for its direct peers, 1 more for each server passed. */
  readonly hopcount: number;
  /** The direct peer that leads there; '' for this server. */
  readonly via: string;
  readonly users: number;
  readonly info: string;
}

/** What became of a request to close a server or a link. */
export type CloseVerdict =
  /** This very server is meant: it is for the caller to stop it. */
  | 'self'
  /** Another server is meant, and was told. */
  | 'dispatched'
  | 'no-such-server'
  | 'no-such-peer';

/** The servers that are within reach. */
export interface Network {
  /** Every reachable server, this one first. */
  servers(): readonly ServerRow[];
  /** How far away the server named `server` is. */
  hopcount(server: string): number;
  /** Closes `server`, or its link to `peer` where that is not ''. */
  close(server: string, peer: string, comment: string): CloseVerdict;
}

/** What the other servers are told, and asked for. */
export interface Peers {
  /**
   * The next fact of this server: one frame bytes[start, end) with its LF, which is true here already. It may be told
   * while a fact of another server is applied. The bytes are copied.
   */
  fact(bytes: Uint8Array, start: number, end: number): void;
  /** One frame with its LF for one other server. The bytes are copied. False: it is not within reach. */
  to(server: ServerId, bytes: Uint8Array, start: number, end: number): boolean;
  /** What the server is called; its id in decimal where that is not known. */
  nameOf(server: ServerId): string;
  /** Makes the delivery of a room that is at home elsewhere, and the way to its order. */
  openRoom(key: RoomKey, name: string, now: number): RoomPort;
}
