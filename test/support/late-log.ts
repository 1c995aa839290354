// A log that answers late: it wraps another one and keeps the answers back until a test takes them, in whatever order,
// as often as it likes. What each append comes to is the test's to say, so chance and time stay with the test.

import type { Ticket } from '../../src/base/ids.ts';
import { type EntryKind, LATE, REFUSED, type RoomLog } from '../../src/order/log.ts';
import { WrappedLog } from './wrapped-log.ts';

/**
 * What becomes of one append: answered as the inner log does, now or late; refused, now or late, without the inner
 * log seeing it; or taken by the inner log and never answered.
 */
export type Fate = 'now' | 'late' | 'refused' | 'refused-late' | 'lost';

/** An answer that is owed: what done() is to be called with. */
export interface Answer {
  readonly ticket: Ticket;
  readonly result: number;
}

export class LateLog extends WrappedLog {
  /** Answers owed, in the order of the appends. */
  readonly owed: Answer[] = [];
  /** Answers given, so that they can be given again. */
  readonly given: Answer[] = [];
  readonly #fate: (seq: number) => Fate;

  constructor(inner: RoomLog, fate: (seq: number) => Fate = () => 'late') {
    super(inner);
    this.#fate = fate;
  }

  append(
    after: number,
    kind: EntryKind,
    seq: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    ticket: Ticket,
  ): number {
    const fate = this.#fate(seq);
    if (fate === 'refused') return REFUSED;
    const refused = fate === 'refused-late';
    const result = refused ? REFUSED : this.inner.append(after, kind, seq, bytes, start, end, ticket);
    if (fate === 'now') return result;
    if (fate !== 'lost') this.owed.push({ ticket, result });
    return LATE;
  }

  /** Takes an owed answer, the oldest if not said otherwise. */
  take(index = 0): Answer | undefined {
    const [answer] = this.owed.splice(index, 1);
    if (answer !== undefined) this.given.push(answer);
    return answer;
  }
}
