// The reloader: reads the settings again when it is told to, has them applied, and logs every change, everything that
// waits for a restart, and every mistake. One reload runs at a time; those asked for meanwhile follow.

import { describeFault } from '../../base/fault.ts';
import type { Log } from '../log/log.ts';
import type { Machine } from './options.ts';
import { planReload } from './reload.ts';
import type { ReadSettings, Settings } from './settings.ts';

export interface ReloaderParts {
  readonly read: () => Promise<ReadSettings>;
  /** Puts settings in the place of those that run, all of them or none. */
  readonly apply: (settings: Settings) => void;
  readonly log: Log;
  /** Stands in for this one in tests. */
  readonly machine?: Machine;
}

export class Reloader {
  readonly #parts: ReloaderParts;
  #running: Settings;
  #last: Promise<void> = Promise.resolve();

  /** `running`: what the server was started with. */
  constructor(running: Settings, parts: ReloaderParts) {
    this.#running = running;
    this.#parts = parts;
  }

  /** Resolves when everything is applied and logged, or nothing was. */
  reload(): Promise<void> {
    this.#last = this.#last.then(() => this.#reload());
    return this.#last;
  }

  async #reload(): Promise<void> {
    const { read, apply, log, machine } = this.#parts;
    const settings = await read().catch((error: unknown) => ({ problems: [describeFault(error)] }));
    // Who asks for help gets no server, and so no reload.
    if (!('options' in settings)) return this.#keep('problems' in settings ? settings.problems : []);
    const plan = planReload(this.#running, settings, machine);
    if ('problems' in plan) return this.#keep(plan.problems);
    this.#running = plan.settings;
    apply(plan.settings);
    for (const warning of settings.warnings) log.warn('options.warning', { warning });
    for (const change of plan.changed) log.info('options.changed', { ...change });
    for (const { option, from, to, origin } of plan.waiting) {
      log.warn('options.waiting', { option, runs: from, given: to, origin });
    }
    log.info('options.reloaded', { changed: plan.changed.length, waiting: plan.waiting.length });
  }

  #keep(problems: readonly string[]): void {
    const { log } = this.#parts;
    for (const problem of problems) log.error('options.mistake', { problem });
    log.error('options.kept', { mistakes: problems.length });
  }
}
