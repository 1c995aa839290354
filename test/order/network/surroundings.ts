// What a simulated server and the checkers see of the world that they are in, whichever world that is.

import type { ServerId } from '../../../src/base/ids.ts';
import { type EpochOrNone, newest } from '../../../src/order/epochs.ts';
import type { MemoryLimits } from '../../../src/order/memory.ts';
import type { Random } from '../../sim/random.ts';
import type { Checkers } from './checkers.ts';
import type { Fact, Node, Sent, Stay } from './node.ts';

/** What a server tells those who judge it. */
export type Judge = Pick<Checkers, 'told' | 'decided' | 'promised' | 'parted' | 'lost'>;

export interface Surroundings {
  /** Unix ms. */
  readonly now: number;
  readonly nodes: readonly Node[];
  readonly checkers: Judge;
  /** All that was said, and all stays of readers. */
  readonly sends: Sent[];
  readonly stays: Stay[];
  readonly random: Random;
  /** How long a home that is out of reach is waited for. */
  readonly holdMs: number;
  readonly skewMs: number;
  readonly memory: MemoryLimits;
  readonly budget: number;
  /** What may wait for an answer. */
  readonly pendingEntries: number;
  /** Whether so little is kept that what was promised cannot be asked for at the end. */
  readonly forgets: boolean;
  reachable(index: number): ServerId[];
  hasMembers(index: number): boolean;
  /** Frames on their way. */
  say(from: number, to: number, bytes: Uint8Array): void;
  /** A fact for everybody within reach. */
  flood(from: number, fact: Fact): void;
  /** Something for one server, after `ms`, unless it crashes. */
  later(index: number, ms: number, run: () => void): void;
  /** A server wants to be woken after `ms`, and not at the time that it named before. */
  wake(index: number, ms: number, run: () => void): void;
  /** For how long servers stood still between two times, all together. */
  pausedMs(from: number, to: number): number;
  note(text: string): void;
  count(name: string): void;
  fail(invariant: string, what: string): never;
}

export class Violation extends Error {
  readonly invariant: string;
  constructor(invariant: string, what: string) {
    super(`${invariant}: ${what}`);
    this.invariant = invariant;
  }
}

/** The newest epoch that any server is in. */
export function newestEpoch(nodes: readonly Node[]): EpochOrNone {
  return nodes.reduce<EpochOrNone>((best, { order }) => newest(order?.epoch ?? '', best), '');
}

/** A hash that all servers share. */
export function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (Math.imul(hash ^ (hash >>> 15), 0x85ebca6b) >>> 0).toString(16).padStart(8, '0');
}
