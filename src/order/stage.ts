// The stage of a home: messages that are decided and numbered, and stand encoded in a run until the batch of input is
// over or somebody looks. Then the run is logged and published as one. It is for homes whose log commits at once: what
// is decided there can not fail any more, so that its sender may be answered before.
//
// It keeps true: what is on it has its stamps, so that whoever publishes it later, before anything is offered to
// anybody, publishes it in the order of decision. A server has so many runs and no more; who gets none stages nothing.

import { assert } from '../base/assert.ts';
import { RUN_BYTES, RUN_ENTRIES, Run, type RunLimits } from '../base/run.ts';
import type { RoomLog } from './log.ts';

/** What a stage asks of those around its home. */
export interface StageOut {
  /** How much may be published as one. */
  readonly runLimits: RunLimits;
  /** Something is staged, after nothing was. publishStaged() is awaited before anything is offered to anybody. */
  staged(): void;
  /** The next place in the server's order of decision. */
  stamp(): number;
  /** Committed messages for every reader of the room. The run is only lent. */
  publishRun(run: Run): void;
}

/** Rooms that stage at a time; half a MiB. */
const MOST_RUNS = 64;

// Shared by all homes, as every run is given back when a batch is over.
const spare: Run[] = [];
let made = 0;

export class Stage {
  readonly #out: StageOut;
  /** The most entries and bytes of its runs. */
  readonly #entries: number;
  readonly #bytes: number;
  #run: Run | undefined;

  /** A stage before `log`, which has appendRun(). */
  constructor(out: StageOut, log: RoomLog) {
    assert(log.appendRun !== undefined, 'a stage before a log that takes no runs');
    this.#out = out;
    this.#entries = Math.min(RUN_ENTRIES, out.runLimits.entries);
    this.#bytes = Math.min(RUN_BYTES, out.runLimits.bytes);
  }

  /** The run that the next message goes to; undefined when there is none. */
  open(): Run | undefined {
    return this.#run ?? this.#begin();
  }

  /** How many bytes the next message may have; 0 when there is no place for one. */
  room(run: Run): number {
    return run.count < this.#entries ? this.#bytes - run.end : 0;
  }

  /** Adds the frame that was written behind the others of the run, up to `end`. */
  add(run: Run, end: number, seq: number, low: number): void {
    run.add(end, seq, low, this.#out.stamp());
  }

  /** Takes the run off the stage, for publish(); undefined when there is none. */
  take(): Run | undefined {
    const run = this.#run;
    this.#run = undefined;
    return run;
  }

  /** Publishes a run that was taken, and is over with it. */
  publish(run: Run): void {
    try {
      if (run.count > 0) this.#out.publishRun(run);
    } finally {
      spare.push(run);
    }
  }

  #begin(): Run | undefined {
    const run = spare.pop() ?? newRun();
    if (run === undefined) return undefined;
    run.locate();
    run.clear();
    this.#run = run;
    this.#out.staged();
    return run;
  }
}

function newRun(): Run | undefined {
  if (made === MOST_RUNS) return undefined;
  made++;
  return new Run();
}
