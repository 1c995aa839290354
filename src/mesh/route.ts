// Routing: frames for one server, over as many others as it takes.
//
//   <ROUTE,to,from,ttl,count>   and count frames for server `to`
//   <UNREACHABLE,to>            inside a ROUTE back to `from`: one of its groups for `to` went no further
//
// Whoever passes a group on takes one from its ttl. It is not sent back where it came from: two servers that each hold
// the other for the way there know something different at that moment, and the sender is told. Nobody is told that an
// UNREACHABLE did not arrive. Groups keep their order as long as the way stays the same; nothing is kept or repeated.

import type { ConnectionId, ServerId } from '../base/ids.ts';
import { Frame } from '../wire/scanner.ts';
import { encodeFrame, FrameWriter, openFrame } from '../wire/writer.ts';
import { parseCount, parseServerId } from './fields.ts';
import { FrameCursor, type Group, TTL } from './group.ts';

export interface RoutePort {
  /** The link to the neighbour on the way to a server; undefined when it is out of reach. */
  linkTowards(to: ServerId): ConnectionId | undefined;
  send(link: ConnectionId, bytes: Uint8Array, start: number, end: number): void;
  /** A frame for this server, in canonical form; it is only lent. */
  arrived(from: ServerId, frame: Frame): void;
  /** Something that was sent to a server went no further. What of it arrived is not known. */
  unreachable(to: ServerId): void;
}

export interface RouteCounters {
  passed: number;
  /** Groups that were passed on too often. */
  expired: number;
  /** Groups for which there was no way on. */
  stuck: number;
}

export class Router {
  readonly counters: RouteCounters = { passed: 0, expired: 0, stuck: 0 };
  readonly #self: ServerId;
  readonly #port: RoutePort;
  readonly #writer = new FrameWriter();
  /** How a ROUTE of this server to each other one begins, up to its count. */
  readonly #heads = new Map<ServerId, Uint8Array>();
  readonly #frame = new Frame();

  constructor(self: ServerId, port: RoutePort) {
    this.#self = self;
    this.#port = port;
  }

  /** Sends `count` frames bytes[start, end), each with its LF, to another server. False: it is out of reach. */
  send(to: ServerId, bytes: Uint8Array, start: number, end: number, count: number): boolean {
    const link = this.#port.linkTowards(to);
    if (link === undefined) return false;
    this.#write(link, this.#headTo(to), bytes, start, end, count);
    return true;
  }

  #headTo(to: ServerId): Uint8Array {
    const known = this.#heads.get(to);
    if (known !== undefined) return known;
    const head = openFrame('ROUTE', to, this.#self, TTL);
    this.#heads.set(to, head);
    return head;
  }

  /** A frame that a ROUTE has brought here; `isAlone`: it is the only one in its group. */
  arrive(from: ServerId, frame: Frame, isAlone: boolean): void {
    const lost = isAlone ? unreachableIn(frame) : undefined;
    if (lost === undefined) this.#port.arrived(from, frame);
    else this.#port.unreachable(lost);
  }

  /** A ROUTE to another server; false when no server could have written it, and the link has to end. */
  receive(link: ConnectionId, group: Group): boolean {
    const to = parseServerId(group.args[0]);
    const from = parseServerId(group.args[1]);
    const ttl = parseCount(group.args[2]);
    if (to === undefined || from === undefined || ttl < 1 || ttl > TTL || group.count < 1) return false;
    if (to === this.#self) return false;
    this.#pass(link, to, from, ttl, group);
    return true;
  }

  #pass(link: ConnectionId, to: ServerId, from: ServerId, ttl: number, group: Group): void {
    const next = this.#port.linkTowards(to);
    const { bytes } = group;
    if (ttl > 1 && next !== undefined && next !== link) {
      this.counters.passed++;
      this.#write(next, openFrame('ROUTE', to, from, ttl - 1), bytes, 0, bytes.length, group.count);
      return;
    }
    if (ttl === 1) this.counters.expired++;
    else this.counters.stuck++;
    if (this.#unreachable(group) === undefined) this.#answer(link, to, from);
  }

  /** Tells the sender. Where no way to it is known, the link that brought its group may lead there. */
  #answer(link: ConnectionId, to: ServerId, from: ServerId): void {
    const answer = encodeFrame('UNREACHABLE', to);
    if (from === this.#self) this.#port.unreachable(to);
    else this.#write(this.#port.linkTowards(from) ?? link, this.#headTo(from), answer, 0, answer.length, 1);
  }

  /** Whom the group says is unreachable, if it is such an answer. */
  #unreachable(group: Group): ServerId | undefined {
    const frame = this.#frame;
    return group.count === 1 && new FrameCursor(group.bytes).next(frame) ? unreachableIn(frame) : undefined;
  }

  #write(link: ConnectionId, head: Uint8Array, bytes: Uint8Array, start: number, end: number, count: number): void {
    const writer = this.#writer;
    writer.clear();
    writer.beginAs(head).arg(count).end();
    writer.frame(bytes, start, end);
    this.#port.send(link, writer.bytes, 0, writer.length);
  }
}

/** Whom a frame says is unreachable, if it says so. */
function unreachableIn(frame: Frame): ServerId | undefined {
  return frame.verb() === 'UNREACHABLE' ? parseServerId(frame.arg(0)) : undefined;
}
