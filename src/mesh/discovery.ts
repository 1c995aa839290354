// Discovery: how servers learn of each other by datagrams, and nothing about linking to what was found. HELLO asks the
// multicast group who is there, WELCOME answers one asker. It decides; sockets, the clock and the secret are elsewhere.
//
//   start ──▶ HELLO ─ 1.2 s ─▶ HELLO ─ 2.4 s ─▶ HELLO ─ 4.8 s ─▶ … ─▶ every 60 s        (each wait up to a quarter longer)
//
// It refuses, in silence and counted by reason, whatever is not a fresh frame of this network from the very address it
// names. What it keeps true:
// - Nothing that a stranger sends is remembered or answered: the mac is checked before anything changes but a counter.
//   So a flood of forgeries costs a mac each and silences nobody; the rates below bind those who know the secret.
// - An answer is never longer than its question, and a datagram that was accepted once is not accepted again.
// - What it remembers is bounded: 100 datagrams a second are let in, for a minute.

import { Deadlines } from '../base/deadlines.ts';
import type { ServerId } from '../base/ids.ts';
import { readFrame, WHOLE } from '../wire/grammar.ts';
import { OWS, VERB_CLASS } from '../wire/octets.ts';
import { Frame } from '../wire/scanner.ts';
import { openFrame } from '../wire/writer.ts';
import { type Contact, type Endpoint, readContact, readNumber, sameLife } from './identity.ts';
import type { Chance, Secrets } from './secrets.ts';
import { argsOf, frameBytes, isNonce } from './signed.ts';

/** Why a datagram was dropped. */
export const DROPS = {
  frame: 'not one whole HELLO or WELCOME of at most 512 bytes',
  field: 'an argument that is not what it should be',
  network: 'of another network',
  echo: 'our own',
  source: 'not from the address that it names',
  unasked: 'a WELCOME for no nonce of ours of the last 10 s',
  mac: 'a mac that no secret of ours makes',
  time: 'its time is more than 30 s off',
  replay: 'its nonce was seen before',
  identityRate: 'more than one a second from one server',
  rate: 'more than 100 a second in all',
  answer: 'a HELLO so short that the answer would be longer (the server is known all the same)',
} as const;
export type Drop = keyof typeof DROPS;

export const DATAGRAM_BYTES = 512;
const SKEW_MS = 30_000;
const OWN_NONCE_MS = 10_000;
const IDENTITY_EVERY_MS = 1000;
const PER_SECOND = 100;
const FIRST_WAIT_MS = 1200;
const RARE_WAIT_MS = 60_000;
/** How long an opening search waits before it says what it found. */
const SEARCH_MS = 10_000;
const MAC_HEX = 64;
const MOST_ARGS = 24;
const MOST_SKEWS = 256;
/** Arguments in front of the mac. */
const SIGNED_ARGS = { HELLO: 9, WELCOME: 8 } as const;

export interface DiscoveryOut {
  /** Sends a datagram: HELLO from the socket whose own address WELCOMEs come back to. The bytes are given away. */
  datagram(bytes: Uint8Array, to: Endpoint | 'group'): void;
  /** A server of this network lives there. Said again whenever it is heard. `skewMs`: its clock less ours. */
  found(peer: Contact, skewMs: number, now: number): void;
  /** A server that knows the secret is not heard: its clock is too far from ours, or this is an old recording. */
  unheard(peer: Contact, skewMs: number, now: number): void;
  /** The opening search is over; so many servers answered it. */
  searched(answers: number, now: number): void;
  /** What was dropped since the start, by reason: those that were dropped for the first time, or twice as often as told. */
  countedDrops(counts: Readonly<Partial<Record<Drop, number>>>): void;
}

export interface DiscoveryConfig {
  readonly network: string;
  /** Who we are at present. */
  readonly self: () => Contact;
}

interface Datagram {
  readonly verb: 'HELLO' | 'WELCOME';
  readonly peer: Contact;
  readonly network: string;
  readonly time: number;
  readonly nonce: string;
  readonly mac: string;
  /** What the mac should be made over. */
  readonly signed: Uint8Array;
}

interface OwnNonce {
  readonly at: number;
  readonly answered: Set<string>;
}

export class Discovery {
  /** Datagrams dropped since the start, by reason. */
  readonly drops: Record<Drop, number> = noDrops();
  /** How far the clocks of others were ahead of ours when they were heard last, in ms. */
  readonly skews = new Map<ServerId, number>();

  readonly #config: DiscoveryConfig;
  readonly #secrets: Secrets;
  readonly #chance: Chance;
  readonly #out: DiscoveryOut;
  readonly #frame = new Frame(MOST_ARGS);
  /** Nonces of HELLOs that were let in, until their time alone would have them dropped. */
  readonly #seen = new Deadlines<string>();
  readonly #own = new Map<string, OwnNonce>();
  /** Verb and claimed identity → when it was let in last. */
  readonly #heardAt = new Map<string, number>();
  #tokens = PER_SECOND;
  #tokensAt = 0;
  #running = false;
  #wait = FIRST_WAIT_MS;
  #helloAt = Number.POSITIVE_INFINITY;
  #searchEndsAt = Number.POSITIVE_INFINITY;
  readonly #answers = new Set<ServerId>();
  /** Drops that were told of; our own echoes are nothing to tell. */
  readonly #told: Record<Drop, number> = noDrops();

  constructor(config: DiscoveryConfig, secrets: Secrets, chance: Chance, out: DiscoveryOut) {
    this.#config = config;
    this.#secrets = secrets;
    this.#chance = chance;
    this.#out = out;
  }

  /** Begins to search and to answer. */
  start(now: number): void {
    this.#running = true;
    this.#searchEndsAt = now + SEARCH_MS;
    this.#answers.clear();
    this.#wait = FIRST_WAIT_MS;
    this.#hello(now);
  }

  /** Searches anew, from the shortest wait: for a server that lost its peers. Does nothing while it searches. */
  search(now: number): void {
    if (!this.#running || this.#wait < RARE_WAIT_MS) return;
    this.#wait = FIRST_WAIT_MS;
    this.#helloAt = Math.min(this.#helloAt, now + this.#jittered(FIRST_WAIT_MS));
  }

  /** Neither asks nor answers any more. */
  stop(): void {
    this.#running = false;
    this.#helloAt = Number.POSITIVE_INFINITY;
    this.#searchEndsAt = Number.POSITIVE_INFINITY;
  }

  /** When tick() wants to be called next, in Unix ms. */
  get deadline(): number {
    return Math.min(this.#helloAt, this.#searchEndsAt);
  }

  /** Does what is due. */
  tick(now: number): void {
    if (!this.#running) return;
    if (now >= this.#helloAt) this.#hello(now);
    if (now >= this.#searchEndsAt) {
      this.#searchEndsAt = Number.POSITIVE_INFINITY;
      this.#out.searched(this.#answers.size, now);
    }
  }

  /** A datagram from `ip`:`port`; the bytes are looked at before it returns and not kept. */
  datagram(bytes: Uint8Array, ip: string, port: number, now: number): void {
    if (!this.#running) return;
    const read = this.#read(bytes);
    const drop = typeof read === 'string' ? read : this.#judge(read, plainIp(ip), now);
    if (drop !== undefined) this.drops[drop]++;
    if (drop === 'time' && typeof read !== 'string') this.#out.unheard(read.peer, read.time - now, now);
    if (drop === undefined && typeof read !== 'string') this.#take(read, bytes.length, { host: ip, port }, now);
  }

  #read(bytes: Uint8Array): Datagram | Drop {
    if (bytes.length > DATAGRAM_BYTES + 2) return 'frame';
    let [start, end] = [0, bytes.length];
    while (start < end && VERB_CLASS[bytes[start] as number] === OWS) start++;
    while (end > start && VERB_CLASS[bytes[end - 1] as number] === OWS) end--;
    if (end - start > DATAGRAM_BYTES || bytes[start] !== 0x3c) return 'frame';
    const frame = this.#frame;
    if (readFrame(frame, bytes, start, end, MOST_ARGS) !== WHOLE || frame.end !== end) return 'frame';
    const verb = frame.verb();
    if (verb !== 'HELLO' && verb !== 'WELCOME') return 'frame';
    const args = argsOf(frame);
    const signedArgs = SIGNED_ARGS[verb];
    if (args.length <= signedArgs) return 'field';
    const [name = '', ip = '', port = '', network = '', id = '', incarnation = '', time = '', nonce = ''] = args;
    const mac = args[signedArgs] as string;
    const peer = readContact(name, ip, port, id, incarnation);
    if (typeof peer === 'string' || readNumber(time) < 0 || !isNonce(nonce) || mac.length !== MAC_HEX) return 'field';
    const signed = openFrame(verb, ...args.slice(0, signedArgs));
    return { verb, peer, network, time: readNumber(time), nonce, mac, signed };
  }

  /** Why a datagram is to be dropped, if it is. What is cheap is asked first, and the mac before all that changes. */
  #judge(read: Datagram, ip: string, now: number): Drop | undefined {
    const { verb, peer, nonce } = read;
    const own = this.#own.get(nonce);
    if (read.network !== this.#config.network) return 'network';
    if (sameLife(peer, this.#config.self()) || (verb === 'HELLO' && own !== undefined)) return 'echo';
    if (ip !== plainIp(peer.ip)) return 'source';
    if (verb === 'WELCOME' && (own === undefined || Math.abs(now - own.at) >= OWN_NONCE_MS)) return 'unasked';
    if (!this.#secrets.verify(read.signed, read.mac)) return 'mac';
    // Whose clock is wrong is told of, so it has to be known who that is.
    if (Math.abs(now - read.time) > SKEW_MS) return 'time';
    const key = `${verb} ${peer.id} ${peer.name}`;
    if (verb === 'HELLO' ? this.#seen.at(nonce) !== undefined : own?.answered.has(key)) return 'replay';
    const heardAt = this.#heardAt.get(key);
    if (heardAt !== undefined && Math.abs(now - heardAt) < IDENTITY_EVERY_MS) return 'identityRate';
    if (!this.#spend(now)) return 'rate';
    this.#remember(read, key, now);
    return undefined;
  }

  #remember(read: Datagram, key: string, now: number): void {
    while (this.#seen.take(now) !== undefined);
    if (read.verb === 'HELLO') this.#seen.set(read.nonce, read.time + SKEW_MS + 1);
    else this.#own.get(read.nonce)?.answered.add(key);
    // The oldest come first, as each is put at the end when it is heard.
    this.#heardAt.delete(key);
    for (const [old, at] of this.#heardAt) {
      if (Math.abs(now - at) < IDENTITY_EVERY_MS) break;
      this.#heardAt.delete(old);
    }
    this.#heardAt.set(key, now);
  }

  #spend(now: number): boolean {
    const passed = Math.abs(now - this.#tokensAt);
    this.#tokens = Math.min(PER_SECOND, this.#tokens + (passed * PER_SECOND) / 1000);
    this.#tokensAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  /** Does what a datagram that counts asks for. */
  #take(read: Datagram, length: number, from: Endpoint, now: number): void {
    const { peer } = read;
    const skewMs = read.time - now;
    if (this.skews.size < MOST_SKEWS || this.skews.has(peer.id)) this.skews.set(peer.id, skewMs);
    if (read.verb === 'WELCOME') this.#answers.add(peer.id);
    else {
      const answer = this.#sealed('WELCOME', [...this.#introduction(now), read.nonce]);
      if (answer.length <= length) this.#out.datagram(answer, from);
      else this.drops.answer++;
    }
    this.#out.found(peer, skewMs, now);
  }

  #hello(now: number): void {
    const nonce = this.#chance.nonce();
    for (const [old, { at }] of this.#own) if (Math.abs(now - at) >= OWN_NONCE_MS) this.#own.delete(old);
    this.#own.set(nonce, { at: now, answered: new Set() });
    const args = [...this.#introduction(now), nonce];
    // Two commas, the mac and the '>' are still to come.
    const padding = DATAGRAM_BYTES - openFrame('HELLO', ...args).length - 3 - MAC_HEX;
    this.#out.datagram(this.#sealed('HELLO', [...args, '0'.repeat(Math.max(0, padding))]), 'group');
    this.#tellDrops();
    this.#helloAt = now + this.#jittered(this.#wait);
    this.#wait = Math.min(this.#wait * 2, RARE_WAIT_MS);
  }

  /** Beside each HELLO, so rarely in the end; and whoever floods us does not write the log. */
  #tellDrops(): void {
    const counts: Partial<Record<Drop, number>> = {};
    for (const drop of Object.keys(DROPS) as Drop[]) {
      if (drop === 'echo' || this.drops[drop] < Math.max(1, this.#told[drop] * 2)) continue;
      counts[drop] = this.drops[drop];
      this.#told[drop] = this.drops[drop];
    }
    if (Object.keys(counts).length > 0) this.#out.countedDrops(counts);
  }

  #introduction(now: number): (string | number)[] {
    const { name, ip, port, id, incarnation } = this.#config.self();
    return [name, ip, port, this.#config.network, id, incarnation, now];
  }

  #sealed(verb: string, args: (string | number)[]): Uint8Array {
    return frameBytes(verb, [...args, this.#secrets.mac(openFrame(verb, ...args))]);
  }

  /** Never shorter than asked: who says HELLO twice in a second is not heard the second time. */
  #jittered(waitMs: number): number {
    return Math.ceil(waitMs * (1 + this.#chance.random() / 4));
  }
}

/** An IPv4 address as such, also where a socket of both families shows it inside an IPv6 one. */
function plainIp(ip: string): string {
  return ip.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '');
}

function noDrops(): Record<Drop, number> {
  return Object.fromEntries(Object.keys(DROPS).map((drop) => [drop, 0])) as Record<Drop, number>;
}
