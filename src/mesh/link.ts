// A link: one connection between two servers, from its first byte to its end. It proves who is there, then hands frames
// on, and sees to it that a dead peer is noticed. It knows no other link, no socket and no table of servers.
//
//   dialler                                        listener
//   awaiting SERVER ── SERVER ──────────────────▶  awaiting SERVER
//                   ◀────────────────── SERVER ──  awaiting AUTH
//   awaiting AUTH ──── AUTH ────────────────────▶  verified ─ accept() ─▶ up
//   verified        ◀──────────────────── AUTH ──
//     └─ accept() ─▶ up
//
// What it keeps true:
// - Before both macs are verified nothing that the peer said leaves this file, but the reason why the link ended.
// - Where the peer has shown a certificate, it is for the name that SERVER claims.
// - Each AUTH is over both SERVER frames, so over a nonce that its reader made for this connection alone: whatever was
//   recorded elsewhere, or is sent back, fails. Clocks decide nothing; how far they are apart is only told.
// - Frames that are not good end the link. So does a handshake over its time or its bytes.
// - The dialler is not up before it has seen that it is not refused behind the listener's AUTH: `verified` lasts until
//   the first frame behind it, or to the end of the chunk that it came in.

import type { ConnectionId } from '../base/ids.ts';
import { LF } from '../wire/octets.ts';
import { BAD, FRAME, type Frame, MORE, Scanner } from '../wire/scanner.ts';
import { encodeFrame } from '../wire/writer.ts';
import { type Certifies, foldName, type Identity, readContact, readIdentity, readNumber } from './identity.ts';
import type { Chance, Secrets } from './secrets.ts';
import { argsOf, authText, frameBytes, isNonce } from './signed.ts';
import { endSaid, WHYS, type Why } from './why.ts';

export type Role = 'dialler' | 'listener';
export type LinkState = 'awaiting SERVER' | 'awaiting AUTH' | 'verified' | 'up' | 'closed';

interface Step {
  readonly role: Role;
  readonly state: LinkState;
  readonly verb: string;
  /** What is said in answer. */
  readonly says: string;
  readonly next: LinkState;
}

/** The handshake: every frame that means something before a link is up. Any other one but ERROR ends the link. */
export const HANDSHAKE: readonly Step[] = [
  { role: 'dialler', state: 'awaiting SERVER', verb: 'SERVER', says: 'AUTH', next: 'awaiting AUTH' },
  { role: 'dialler', state: 'awaiting AUTH', verb: 'AUTH', says: '', next: 'verified' },
  { role: 'listener', state: 'awaiting SERVER', verb: 'SERVER', says: 'SERVER', next: 'awaiting AUTH' },
  { role: 'listener', state: 'awaiting AUTH', verb: 'AUTH', says: 'AUTH', next: 'verified' },
];

/** What links cost and how long they may take. All times are in ms. */
export interface LinkLimits {
  /** Of one frame in a handshake, and of all that a peer sends before it is verified. */
  readonly handshakeFrameBytes: number;
  readonly handshakeBytes: number;
  /** Of one frame on a link that is up. */
  readonly frameBytes: number;
  readonly pingAfterMs: number;
  readonly deadAfterMs: number;
}

export const LINK_LIMITS: LinkLimits = {
  handshakeFrameBytes: 4096,
  handshakeBytes: 8192,
  frameBytes: 65_536,
  pingAfterMs: 5000,
  deadAfterMs: 15_000,
};

export const PROTOCOL = 1;
const LINE_END = new Uint8Array([LF]);
// Where the arguments of SERVER stand that only a handshake has, and how many there are.
const VERSION_ARG = 9;
const NETWORK_ARG = 10;
const NONCE_ARG = 11;
const TIME_ARG = 12;
const SERVER_ARGS = 13;

/** What all links of a server share. */
export interface LinkHost {
  readonly network: string;
  readonly limits: LinkLimits;
  readonly secrets: Secrets;
  readonly chance: Chance;
  /** Filled with each frame that is read; good until the next one. */
  readonly frame: Frame;
  /** Who we are at present. */
  self(): Identity;
  send(link: Link, bytes: Uint8Array): void;
  /** The peer is who it says. Answer at once with accept(), refuse() or close(). */
  verified(link: Link, now: number): void;
  /** A frame on a link that is up. False: it belongs to no block that is being read, and its verb to nobody else. */
  handOn(link: Link, frame: Frame, now: number): boolean;
  /** The peer says that our name or id is another's, whose incarnation is told; the link ends next. */
  refused(link: Link, incarnation: number, now: number): void;
  /** A frame that nobody knows, on a link that is up. */
  unknown(link: Link): void;
  /** The link has ended, once. What was sent before is still to be written. */
  ended(link: Link, why: Why, detail: string, now: number): void;
}

export class Link {
  readonly id: ConnectionId;
  readonly role: Role;
  state: LinkState = 'awaiting SERVER';
  /** Who the peer is; defined once it is verified. */
  peer: Identity | undefined;
  /** The peer's clock less ours, in ms, as its SERVER came. */
  skewMs = 0;
  /** When the dialler says that it began: orders links that were dialled by one server. */
  dialledAt = 0;
  dialNonce = '';
  /** When the link came up, in Unix ms. */
  upAt = 0;
  /** What a question and its answer took last, in ms; undefined before the first. */
  tripMs: number | undefined = undefined;

  readonly #host: LinkHost;
  /** What the peer's certificate says of its name; undefined where none was asked for. */
  readonly #certifies: Certifies | undefined;
  readonly #scanner: Scanner;
  readonly #nonce: string;
  #until: number;
  #claimed: Identity | undefined;
  #mine: Uint8Array = new Uint8Array(0);
  #theirs: Uint8Array = new Uint8Array(0);
  #heardAt: number;
  #pingedAt = 0;
  /** Since when an answer to measure() is awaited; 0: none is. */
  #measuredAt = 0;

  /** A link over a connection that has just come about; the handshake ends by `until`. */
  constructor(host: LinkHost, id: ConnectionId, role: Role, until: number, now: number, certifies?: Certifies) {
    this.id = id;
    this.role = role;
    this.#host = host;
    this.#certifies = certifies;
    this.#until = until;
    this.#heardAt = now;
    this.#nonce = host.chance.nonce();
    this.#scanner = new Scanner(host.limits.handshakeFrameBytes);
  }

  /** Bytes that came from the peer. */
  get receivedBytes(): number {
    return this.#scanner.offset;
  }

  /** When the peer was heard last. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** The dialler's first word. */
  open(now: number): void {
    this.#introduce(now);
  }

  receive(chunk: Uint8Array, now: number): void {
    if (this.state === 'closed') return;
    this.#heardAt = now;
    this.#scanner.feed(chunk);
    const { frame } = this.#host;
    frame.scanner = this.#scanner;
    while (!this.#isClosed()) {
      const found = this.#scanner.next(frame);
      if (this.state === 'verified' && !(found === FRAME && isRefusal(frame))) {
        this.#host.verified(this, now);
        if (this.#isClosed()) return;
      }
      if (found === MORE) return this.#bound(now);
      if (found === FRAME) this.#take(frame, now);
      else if (found === BAD) this.#fault(now);
      else this.#tooLong(now);
    }
  }

  /** When tick() wants to be called next. */
  get deadline(): number {
    if (this.state === 'closed') return Number.POSITIVE_INFINITY;
    if (this.state !== 'up') return this.#until;
    const { pingAfterMs, deadAfterMs } = this.#host.limits;
    return Math.min(this.#heardAt + deadAfterMs, Math.max(this.#heardAt, this.#pingedAt) + pingAfterMs);
  }

  /** Asks a quiet peer whether it lives, and gives up one that stays silent. */
  tick(now: number): void {
    if (this.state === 'closed') return;
    if (this.state !== 'up') {
      if (now >= this.#until) this.close('timeout', '', now);
      return;
    }
    const { pingAfterMs, deadAfterMs } = this.#host.limits;
    if (now >= this.#heardAt + deadAfterMs) return this.close('silent', `${now - this.#heardAt} ms`, now);
    if (now < Math.max(this.#heardAt, this.#pingedAt) + pingAfterMs) return;
    this.#ping(now);
  }

  /** Asks the peer for a sign of life to see how long that takes, unless one is awaited. */
  measure(now: number): void {
    if (this.state !== 'up' || this.#measuredAt !== 0) return;
    this.#measuredAt = now;
    this.#ping(now);
  }

  /** We were the ones who stood still for so long: the peer gets the time back. */
  forgive(ms: number, now: number): void {
    this.#heardAt = Math.min(now, this.#heardAt + ms);
    this.#until += ms;
  }

  /** The link may be used. */
  accept(now: number): void {
    if (this.role === 'listener') this.#host.send(this, this.#ourAuth());
    this.state = 'up';
    this.upAt = now;
    this.#heardAt = now;
  }

  /** The peer is ourselves. The dialling side has to know for sure, to dial itself no more: so it gets our AUTH. */
  mirror(now: number): void {
    if (this.role === 'dialler') return this.close('self', '', now);
    this.#host.send(this, this.#ourAuth());
    this.end('self', '', now);
  }

  /** There is a better link between us. Under our AUTH, so that the dialler knows whom that address leads to. */
  spare(now: number): void {
    this.#closeAfter(this.#proof(), 'duplicate', now);
  }

  /** The peer's name or id is taken, by a server with this incarnation. It is told so under our AUTH. */
  refuse(incarnation: number, now: number): void {
    const name = this.peer?.name ?? '*';
    const text = 'This name or id belongs to another server of the network';
    const refusal = encodeFrame('ERR_ALREADYREGISTERED', 'SERVER', name, text, incarnation);
    this.#closeAfter([...this.#proof(), refusal], 'registered', now);
  }

  /** Says why and ends the link. */
  close(why: Why, detail: string, now: number): void {
    const { says } = WHYS[why];
    const more = detail === '' || why === 'silent' ? says : `${says}: ${detail}`;
    if (says !== '' && !this.#isClosed()) this.#host.send(this, encodeFrame('ERROR', more));
    this.end(why, detail, now);
  }

  /** Ends the link by an operator's word; with `mutual` neither side is to dial for a while, else we leave. */
  sclose(comment: string, mutual: boolean, now: number): void {
    const peer = this.peer?.name ?? '*';
    const { name } = this.#host.self();
    const said = mutual ? encodeFrame('SCLOSE', name, comment, peer) : encodeFrame('SCLOSE', name, comment);
    if (this.state === 'up') this.#host.send(this, said);
    this.close(mutual ? 'sclose' : 'leaving', comment, now);
  }

  /** The link is over and nothing is said; the connection may be gone already. */
  end(why: Why, detail: string, now: number): void {
    if (this.#isClosed()) return;
    this.state = 'closed';
    this.#host.ended(this, why, detail, now);
  }

  /** Everything at once: a dialler that reads a refusal in the chunk of its AUTH is never up. */
  #closeAfter(said: Uint8Array[], why: Why, now: number): void {
    this.#host.send(this, joined([...said, encodeFrame('ERROR', WHYS[why].says)]));
    this.end(why, '', now);
  }

  // Also asked behind calls that may close the link, where the type has forgotten that they can.
  #isClosed(): boolean {
    return this.state === 'closed';
  }

  // ── Handshake ──────────────────────────────────────────────────────────────────────────────────────────────────

  #take(frame: Frame, now: number): void {
    if (this.state === 'up') {
      if (!this.#host.handOn(this, frame, now)) this.#control(frame, now);
      return;
    }
    const verb = frame.verb();
    if (verb === 'ERROR' || verb.startsWith('ERR_')) return this.#heardRefusal(frame, now);
    const step = HANDSHAKE.find((row) => row.role === this.role && row.state === this.state);
    if (step?.verb !== verb) return this.close('protocol', `${verb} while ${this.state}`, now);
    if (verb === 'SERVER') this.#server(frame, step, now);
    else this.#auth(frame, step, now);
  }

  #server(frame: Frame, step: Step, now: number): void {
    const args = argsOf(frame);
    const read = this.#readServer(args);
    if (typeof read === 'string') return this.close('protocol', `SERVER with a bad ${read}`, now);
    if (args[NETWORK_ARG] !== this.#host.network) return this.close('network', '', now);
    if (readNumber(args[VERSION_ARG] as string) < PROTOCOL) return this.close('version', '', now);
    if (this.#certifies?.(read.name) === false) return this.close('tls', read.name, now);
    this.#claimed = read;
    this.#theirs = frameBytes('SERVER', args);
    const time = readNumber(args[TIME_ARG] as string);
    this.skewMs = time - now;
    this.state = step.next;
    if (this.role === 'dialler') return this.#host.send(this, this.#ourAuth());
    this.dialledAt = time;
    this.dialNonce = args[NONCE_ARG] as string;
    this.#introduce(now);
  }

  /** The identity in a SERVER of a handshake, or the name of what is wrong there. */
  #readServer(args: readonly string[]): Identity | string {
    if (args.length < SERVER_ARGS) return 'number of arguments';
    const [name = '', hopcount, id = '', info = '', ip = '', port = '', incarnation = '', , clients = ''] = args;
    const contact = readContact(name, ip, port, id, incarnation);
    if (typeof contact === 'string') return contact;
    if (hopcount !== '0') return 'hopcount';
    if (readNumber(args[VERSION_ARG] as string) < 0) return 'protocol';
    // Our own nonce comes from a mirror.
    if (!isNonce(args[NONCE_ARG] as string) || args[NONCE_ARG] === this.#nonce) return 'nonce';
    if (readNumber(args[TIME_ARG] as string) < 0) return 'time';
    return readIdentity(contact, info, clients);
  }

  /** Says who we are. Neighbours are left out: whoever knocks is not told who else is there. */
  #introduce(now: number): void {
    const self = this.#host.self();
    const where = [self.ip, self.port, self.incarnation, '', self.clients.join(' ')];
    const fresh = [PROTOCOL, this.#host.network, this.#nonce, now];
    this.#mine = frameBytes('SERVER', [self.name, 0, self.id, self.info, ...where, ...fresh]);
    if (this.role === 'dialler') {
      this.dialledAt = now;
      this.dialNonce = this.#nonce;
    }
    this.#host.send(this, withLf(this.#mine));
  }

  #auth(frame: Frame, step: Step, now: number): void {
    const other = this.role === 'dialler' ? 'listener' : 'dialler';
    if (!this.#host.secrets.verify(this.#authText(other), frame.arg(0))) return this.close('mac', '', now);
    this.peer = this.#claimed;
    this.state = step.next;
    this.#scanner.limit = this.#host.limits.frameBytes;
    if (this.role === 'listener') this.#host.verified(this, now);
  }

  #ourAuth(): Uint8Array {
    return encodeFrame('AUTH', this.#host.secrets.mac(this.#authText(this.role)));
  }

  /** What a listener still owes to a dialler that has proved itself; the dialler was the first to do so. */
  #proof(): Uint8Array[] {
    return this.role === 'listener' ? [this.#ourAuth()] : [];
  }

  #authText(role: Role): Uint8Array {
    return this.role === 'dialler'
      ? authText(role, this.#mine, this.#theirs)
      : authText(role, this.#theirs, this.#mine);
  }

  /** A peer says, before the link is up, that there will be none. Whom we cannot be sure of is not believed more. */
  #heardRefusal(frame: Frame, now: number): void {
    if (this.state === 'verified' && frame.verb() === 'ERR_ALREADYREGISTERED') return this.#heardRegistered(frame, now);
    const [isError, proved] = [frame.verb() === 'ERROR', this.state === 'verified'];
    const words = frame.arg(isError ? 0 : 2);
    this.end(isError && !proved ? endSaid(words) : 'error', words, now);
  }

  #bound(now: number): void {
    if (this.state === 'up' || this.#scanner.offset <= this.#host.limits.handshakeBytes) return;
    this.close('protocol', 'too much before AUTH', now);
  }

  // ── Up ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  #ping(now: number): void {
    this.#pingedAt = now;
    const { name, id } = this.#host.self();
    this.#host.send(this, encodeFrame('PING', name, id));
  }

  /** The first answer behind a measure() is the answer to it, as answers keep their order. */
  #ponged(now: number): void {
    if (this.#measuredAt === 0) return;
    this.tripMs = Math.max(0, now - this.#measuredAt);
    this.#measuredAt = 0;
  }

  /** Frames about the link itself. */
  #control(frame: Frame, now: number): void {
    switch (frame.verb()) {
      case 'PING':
        return this.#pong(frame);
      case 'PONG':
        return this.#ponged(now);
      case 'ERROR':
        return this.end('error', frame.arg(0), now);
      case 'SCLOSE':
        return this.#heardSclose(frame, now);
      case 'ERR_ALREADYREGISTERED':
        return this.#heardRegistered(frame, now);
      case 'SERVER':
      case 'AUTH':
        return this.close('protocol', `${frame.verb()} on a link that is up`, now);
      default:
        return this.#host.unknown(this);
    }
  }

  /** Answers the peer at the other end, and nobody else. */
  #pong(frame: Frame): void {
    const { peer } = this;
    if (peer === undefined || foldName(frame.arg(0)) !== foldName(peer.name) || frame.arg(1) !== `${peer.id}`) return;
    const pong = frameBytes('PONG', argsOf(frame));
    this.#host.send(this, withLf(pong));
  }

  /** The peer's own word about this link: it names itself first, and us where it means this link alone. */
  #heardSclose(frame: Frame, now: number): void {
    const [name, comment, other] = [frame.arg(0), frame.arg(1), frame.arg(2)];
    if (foldName(name) !== foldName(this.peer?.name ?? '')) return this.#host.unknown(this);
    if (other === '') return this.end('left', comment, now);
    if (foldName(other) !== foldName(this.#host.self().name)) return this.#host.unknown(this);
    this.end('sclose', comment, now);
  }

  #heardRegistered(frame: Frame, now: number): void {
    this.#host.refused(this, readNumber(frame.arg(3)), now);
    this.end('registered', frame.arg(2), now);
  }

  #fault(now: number): void {
    const { faultVerb, faultOffset, faultReason } = this.#scanner;
    this.#host.send(this, encodeFrame('ERR_BADFRAME', faultVerb, faultOffset, faultReason));
    this.close('frame', faultReason, now);
  }

  #tooLong(now: number): void {
    const { limit } = this.#scanner;
    this.#host.send(this, encodeFrame('ERR_FRAMETOOLONG', '*', limit, 'This frame is too long for a link'));
    this.close('frame', `over ${limit} bytes`, now);
  }
}

function isRefusal(frame: Frame): boolean {
  const verb = frame.verb();
  return verb === 'ERROR' || verb === 'ERR_ALREADYREGISTERED';
}

function withLf(frame: Uint8Array): Uint8Array {
  return joined([frame, LINE_END]);
}

function joined(frames: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(frames.reduce((sum, frame) => sum + frame.length, 0));
  let at = 0;
  for (const frame of frames) {
    bytes.set(frame, at);
    at += frame.length;
  }
  return bytes;
}
