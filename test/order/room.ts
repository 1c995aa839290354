// A home with everything around it in plain sight: what it published, whom it answered, what it wants to be called for.

import { Budget } from '../../src/base/budget.ts';
import { utf8, utf8Bytes } from '../../src/base/bytes.ts';
import { type Epoch, epoch, type RoomKey, serverId, type Ticket, ticket, type Uid, uid } from '../../src/base/ids.ts';
import type { SendOutcome } from '../../src/base/outcome.ts';
import type { Run, RunLimits } from '../../src/base/run.ts';
import { Home } from '../../src/order/home.ts';
import type { HomeLimits, HomeOut } from '../../src/order/home-ports.ts';
import type { RoomLog } from '../../src/order/log.ts';
import { type MemoryLimits, MemoryLog } from '../../src/order/memory.ts';
import { Penalties } from '../../src/order/reservations.ts';
import type { StageOut } from '../../src/order/stage.ts';
import { FrameWriter } from '../../src/wire/writer.ts';
import { type Fate, LateLog } from '../support/late-log.ts';
import { HOME_LIMITS, MEMORY_LIMITS, PENALTY_LIMITS } from './limits.ts';
import { forEach } from './run.ts';

export const EPOCH: Epoch = epoch(1_790_000_000_000, serverId(7));
export const user = (n: number): Uid => uid(serverId(7), n);
export const NOW = 1_790_000_000_123;

export interface Settled {
  readonly asker: object;
  readonly outcome: SendOutcome;
  readonly seq: number;
  readonly id: string;
}

export interface RoomOptions {
  readonly memory?: MemoryLimits;
  readonly limits?: Partial<HomeLimits>;
  readonly first?: number;
  /** The most messages that it stages; left out: it stages none. */
  readonly staged?: number;
  /** What becomes of each append; without it the log is the memory log itself. */
  readonly fate?: (seq: number) => Fate;
}

/** The nickname of who sends, one array for as long as it is the name. */
const ANN = utf8Bytes('ann');

export class Room implements HomeOut, StageOut {
  readonly published: { seq: number; frame: string }[] = [];
  /** The lowest slot undecided after each. */
  readonly lows: number[] = [];
  readonly settlements: Settled[] = [];
  readonly tickets: Ticket[] = [];
  readonly budget = new Budget(1 << 30);
  readonly penalties = new Penalties(PENALTY_LIMITS);
  readonly late: LateLog | undefined;
  readonly home: Home;
  readonly runLimits: RunLimits;
  /** Something is staged. */
  waiting = false;
  dueAt = Number.POSITIVE_INFINITY;
  #tickets = 0;
  #stamps = 0;
  #published = 0;

  constructor({ memory = MEMORY_LIMITS, limits, first = 1, fate, staged = 0 }: RoomOptions = {}) {
    this.runLimits = { entries: staged, bytes: 8_192 };
    const inner = new MemoryLog(EPOCH, this.budget, memory, first);
    this.late = fate === undefined ? undefined : new LateLog(inner, fate);
    const log: RoomLog = this.late ?? inner;
    this.home = new Home({
      room: { key: 'lobby' as RoomKey, name: 'Lobby' },
      epoch: EPOCH,
      first,
      log,
      limits: { ...HOME_LIMITS, ...limits },
      penalties: this.penalties,
      idBudget: new Budget(2 * HOME_LIMITS.idWindow),
      out: this,
      stage: staged > 0 ? this : undefined,
      tickets: () => ticket(++this.#tickets),
    });
  }

  /** What went to the room's readers, frame by frame, without the LF. */
  get frames(): string[] {
    return this.published.map(({ frame }) => frame);
  }

  send(holder: Uid, text: string, { seq = 0, id = '', now = NOW, nick = ANN, asker = {} as object } = {}): SendOutcome {
    const bytes = utf8Bytes(`<CSEND,${text}>`);
    const outcome = this.home.send(asker, holder, nick, bytes, 7, bytes.length - 1, seq, id, now);
    bytes.fill(0);
    return outcome;
  }

  /** The seq of a new reservation. */
  reserve(holder: Uid, now = NOW): number {
    const outcome = this.home.reserve(holder, now);
    if (outcome.kind !== 'reserved') throw new Error(outcome.kind);
    return outcome.seq;
  }

  /** What find() says: a frame or the kind of the answer. */
  find(seq: number, now = NOW): string {
    const found = this.home.find(EPOCH, seq, now);
    return found.kind === 'slot' ? utf8(found.bytes, found.start, found.end).trimEnd() : found.kind;
  }

  /** Gives the home the answer that the late log owes at `index`. */
  answer(index = 0, now = NOW): void {
    const answer = this.late?.take(index);
    if (answer !== undefined) this.home.done(answer.ticket, answer.result, now);
  }

  publish(home: Home, _kind: number, seq: number, bytes: Uint8Array, start: number, end: number): void {
    if (home.next === seq) throw new Error('published while still undecided');
    this.published.push({ seq, frame: utf8(bytes, start, end).trimEnd() });
    this.lows.push(home.next);
  }

  staged(): void {
    this.waiting = true;
  }

  stamp(): number {
    return ++this.#stamps;
  }

  publishRun({ bytes, start, count, ends, seqs, lows, stamps }: Run): void {
    this.waiting = false;
    let from = start;
    for (let i = 0; i < count; i++) {
      const [end = 0, seq = 0, low = 0, stamp = 0] = [ends[i], seqs[i], lows[i], stamps[i]];
      if (stamp <= this.#published) throw new Error('published out of order');
      this.#published = stamp;
      this.published.push({ seq, frame: utf8(bytes, from, end).trimEnd() });
      this.lows.push(low);
      from = end;
    }
  }

  publishCommitted(_home: Home, run: Run): void {
    forEach(run, (seq, ...frame) => this.published.push({ seq: Math.abs(seq), frame: utf8(...frame).trimEnd() }));
    this.lows.push(...run.lows.subarray(0, run.count));
  }

  settled(_home: Home, asker: object, outcome: SendOutcome, seq: number, id: string): void {
    this.settlements.push({ asker, outcome, seq, id });
  }

  due(home: Home, at: number): void {
    if (at !== home.nextDeadline && at !== Number.POSITIVE_INFINITY) throw new Error('due at another time');
    this.dueAt = at;
  }

  waits(_home: Home, id: Ticket): void {
    this.tickets.push(id);
  }
}

/** Everything that a reader has to say, as frames without their LFs; `between` runs after each of its chunks. */
export function readAll(
  reader: { next(frames: FrameWriter): boolean } | undefined,
  between: () => void = () => {},
): string[] | undefined {
  if (reader === undefined) return undefined;
  const frames = new FrameWriter();
  while (reader.next(frames)) between();
  return utf8(frames.bytes, 0, frames.length).split('\n').slice(0, -1);
}

export const message = (seq: number, text: string, id?: string, now = NOW): string =>
  `<CMSG,Lobby,${EPOCH},${seq},ann,${now},${text}${id === undefined ? '' : `,${id}`}>`;
export const skipped = (seq: number): string => `<SKIPSEQUENCE,Lobby,${EPOCH},${seq}>`;
