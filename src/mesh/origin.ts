// An origin: what one server has said since it started, as a log of facts numbered from 1 without gaps. The newest are
// kept as the very bytes in which they are sent, one behind the other on a tape, so that any run of them is one write.
//
//   forgotten      first            n
//   | · · · · · · |###|####|##|#####|
//
// It keeps at most `facts` of them and `bytes`, and gives way under a budget shared by all origins. It applies nothing
// and refuses nothing: whoever appends has looked at judge() before.

import { assert } from '../base/assert.ts';
import type { Budget, Member } from '../base/budget.ts';
import type { ServerId } from '../base/ids.ts';
import { Tape } from '../base/tape.ts';
import { comparePositions, type Position } from './vector.ts';

export interface LogLimits {
  /** Facts kept of one origin. */
  readonly facts: number;
  /** Bytes of facts kept of one origin. */
  readonly bytes: number;
}

/** What a fact is to somebody: the next one; known, or of an earlier incarnation; or others are missing before it. */
export type Judgement = 'next' | 'old' | 'gap';

/** A run of facts: bytes[start, end) up to fact `n`. Good until the origin changes. */
export interface Run {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly n: number;
}

export class Origin implements Member, Position {
  readonly id: ServerId;
  readonly #limits: LogLimits;
  readonly #budget: Budget;
  readonly #tape = new Tape();
  /** Where the facts from #oldest on begin; those before #skip are forgotten. */
  #starts: number[] = [];
  #skip = 0;
  #incarnation = 0;
  #n = 0;

  constructor(id: ServerId, budget: Budget, limits: LogLimits) {
    this.id = id;
    this.#budget = budget;
    this.#limits = limits;
    budget.join(this);
  }

  get incarnation(): number {
    return this.#incarnation;
  }

  /** The newest fact, 0 before the first. */
  get n(): number {
    return this.#n;
  }

  /** Facts that are kept. */
  get kept(): number {
    return this.#starts.length - this.#skip;
  }

  /** Bytes of the facts that are kept. */
  get bytes(): number {
    return this.#tape.length;
  }

  /** What the fact (incarnation, n) is here. The first of a later incarnation is the next one. */
  judge(incarnation: number, n: number): Judgement {
    if (comparePositions({ incarnation, n }, this) <= 0) return 'old';
    const next = incarnation === this.#incarnation ? this.#n + 1 : 1;
    return n === next ? 'next' : 'gap';
  }

  /** Begins anew at a position: nothing before it is kept. */
  reset(incarnation: number, n: number): void {
    this.#forget(this.kept);
    this.#incarnation = incarnation;
    this.#n = n;
  }

  /** Adds the next fact, bytes[start, end) as it is sent, and forgets the oldest where they are too many. */
  append(bytes: Uint8Array, start: number, end: number): void {
    const size = end - start;
    this.#starts.push(this.#tape.append(bytes, start, end));
    this.#n++;
    const { facts, bytes: most } = this.#limits;
    let excess = Math.max(this.kept - facts, 0);
    while (excess < this.kept - 1 && this.#tape.head - this.#start(excess) > most) excess++;
    this.#forget(excess);
    this.#budget.grew(size);
  }

  /**
   * Facts behind `after` in their order, as many as fit `bytes` but at least one; undefined when they are not kept, or
   * `after` is no position of this incarnation.
   */
  read(after: Position, bytes: number): Run | undefined {
    const first = this.#n - this.kept + 1;
    if (after.incarnation !== this.#incarnation || after.n + 1 < first || after.n >= this.#n) return undefined;
    const from = after.n + 1 - first;
    const start = this.#start(from);
    let to = from + 1;
    while (to < this.kept && this.#end(to) - start <= bytes) to++;
    const { base, buffer } = this.#tape;
    return { bytes: buffer, start: start - base, end: this.#end(to - 1) - base, n: first + to - 1 };
  }

  /** Forgets the older half of what it keeps: who is that far behind gets the state instead. */
  halve(): boolean {
    const { kept } = this;
    this.#forget(Math.ceil(kept / 2));
    return kept > 0;
  }

  /** Gives all memory back; nothing is asked of it afterwards. */
  close(): void {
    this.#forget(this.kept);
    this.#budget.leave(this);
  }

  #start(index: number): number {
    return this.#starts[this.#skip + index] as number;
  }

  #end(index: number): number {
    return index + 1 < this.kept ? this.#start(index + 1) : this.#tape.head;
  }

  #forget(count: number): void {
    if (count === 0) return;
    assert(count <= this.kept, 'more facts forgotten than there are');
    const to = this.#end(count - 1);
    this.#budget.shrank(to - this.#tape.tail);
    this.#tape.trim(to);
    this.#skip += count;
    if (this.#skip * 2 < this.#starts.length) return;
    this.#starts = this.#starts.slice(this.#skip);
    this.#skip = 0;
    if (this.#tape.length * 4 <= this.#tape.held) this.#tape.shrink();
  }
}
