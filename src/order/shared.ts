// The order of a room that several servers share, as chat sees it: whoever decides, here or elsewhere, sends, numbers
// and readers are asked for at one place. With nobody else there a send goes straight to the room's home, and costs
// what it costs on a single server. What goes on between the servers is the peer's business.

import type { Epoch, Uid } from '../base/ids.ts';
import { type FindOutcome, type ReserveOutcome, type SendOutcome, UNAVAILABLE, WAITING } from '../base/outcome.ts';
import { type EpochOrNone, homeOf } from './epochs.ts';
import type { Line, LineReader } from './line.ts';
import { outcomeFor } from './member-sends.ts';
import { RoomPeer } from './peer.ts';
import type { SharedOptions, SharedOut } from './shared-ports.ts';

export class SharedOrder {
  /** What happens between the servers, and the frames of others, are told to it. */
  readonly peer: RoomPeer;
  /** The seq and the epoch of the last SENT or SENT_BEFORE that send() answered. */
  sentSeq = 0;
  sentEpoch: EpochOrNone = '';
  readonly #out: SharedOut;

  constructor(options: SharedOptions) {
    this.#out = options.out;
    this.peer = new RoomPeer(options);
  }

  /** Whether the copy here has been complete, so that readers can be told of it. */
  get isReady(): boolean {
    return this.peer.copy.isReady;
  }

  get epoch(): EpochOrNone {
    return this.peer.epoch;
  }

  get next(): number {
    return this.peer.line.current?.numbers.next ?? 1;
  }

  get floor(): number {
    return this.peer.line.current?.floor ?? 1;
  }

  /** What RPL_SENT promises at the moment, where this server is the home. */
  get level(): 'home' | 'replicated' {
    return this.peer.role === 'home' && this.peer.leading?.isReplicated === false ? 'home' : 'replicated';
  }

  /** Somebody here is to be told of the room from now on: the home is asked for what the copy lacks. */
  wake(now: number): void {
    if (this.isReady) return;
    this.peer.copy.ask(now);
    this.peer.after();
  }

  /** Nobody here is told of the room. The home may have stopped streaming long ago, so the copy counts as old. */
  rest(): void {
    if (this.peer.leading === undefined) this.peer.copy.isReady = false;
  }

  /** As Home.send; after WAITING, SharedOut.settled follows, with the same asker. */
  send(
    asker: object,
    holder: Uid,
    nick: Uint8Array,
    text: Uint8Array,
    start: number,
    end: number,
    seq: number,
    id: string,
    now: number,
  ): SendOutcome {
    const { peer } = this;
    if (!peer.isAlone || peer.leading === undefined) {
      return this.#sendOver(asker, holder, nick, text, start, end, seq, id, now);
    }
    const { home } = peer.leading;
    const outcome = home.send(asker, holder, nick, text, start, end, seq, id, now);
    this.sentSeq = home.sentSeq;
    this.sentEpoch = home.sentEpoch;
    return outcome;
  }

  /** As Home.reserve; undefined: SharedOut.reserved follows. */
  reserve(holder: Uid, now: number): ReserveOutcome | undefined {
    const { peer } = this;
    if (peer.decides) return peer.leading?.home.reserve(holder, now);
    peer.sends.reserve(holder, now);
    if (peer.asked !== undefined) peer.sends.askReserve(peer.asked, holder, now);
    peer.after();
    return undefined;
  }

  /** The holder left or was lost. */
  release(holder: Uid, now: number): void {
    const { peer } = this;
    const hasAsked = peer.sends.forget(holder);
    if (peer.decides) peer.leading?.home.release(holder, now);
    else if (hasAsked && peer.asked !== undefined) peer.sends.say(homeOf(peer.asked), 'RELEASE', peer.asked, holder);
    peer.after();
  }

  find(epoch: Epoch, seq: number, now: number): FindOutcome {
    const home = this.peer.leading?.home;
    if (home !== undefined && home.epoch === epoch) return home.find(epoch, seq, now);
    return this.peer.line.findSlot(epoch, seq);
  }

  history(epoch: Epoch, from: number, count: number): LineReader | undefined {
    return this.peer.line.history(epoch, from, count);
  }

  resume(epoch: Epoch, last: number): LineReader | undefined {
    return this.peer.line.resume(epoch, last);
  }

  ahead(): ReturnType<Line['ahead']> {
    return this.peer.line.ahead();
  }

  /** The room has ended; who waits is told so, and all memory is given back. */
  close(): void {
    if (!this.peer.isClosed) this.peer.close();
  }

  #sendOver(
    asker: object,
    holder: Uid,
    nick: Uint8Array,
    text: Uint8Array,
    start: number,
    end: number,
    seq: number,
    id: string,
    now: number,
  ): SendOutcome {
    const { peer } = this;
    const { before } = peer.sends;
    const send = peer.sends.add(asker, holder, nick, text, start, end, seq, id, now);
    if (send === undefined) return UNAVAILABLE;
    let outcome: SendOutcome = WAITING;
    if (peer.decides && peer.leading !== undefined) {
      outcome = peer.leading.decide(send, text, start, end, now);
      if (outcome !== WAITING) {
        peer.sends.take(send.number);
        this.sentSeq = peer.leading.home.sentSeq;
        this.sentEpoch = peer.leading.home.sentEpoch;
      }
    } else if (peer.asked !== undefined) {
      peer.sends.forward(peer.asked, send, before, now);
    }
    // When it has waited too long is seen to once, for all that a batch brings.
    this.#out.dirty();
    return outcomeFor(send, outcome);
  }
}
