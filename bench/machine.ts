// The machine that a result was measured on: figures without it mean nothing to anybody else.

import { cpus, loadavg, release, totalmem, type } from 'node:os';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly bun: string;
  /** ISO 8601. */
  readonly date: string;
  /** Runnable processes over the last minute, before the benches began: others disturb. */
  readonly load: number;
}

export function thisMachine(): Machine {
  const all = cpus();
  return {
    cpu: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: `${type()} ${release()}`,
    bun: Bun.version,
    date: new Date().toISOString(),
    load: loadavg()[0] ?? 0,
  };
}

/** The machine in one line. */
export function machineLine(machine: Machine): string {
  const { cpu, cores, memoryGiB, kernel, bun, date, load } = machine;
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${kernel}, Bun ${bun}, ${date}, load ${load.toFixed(2)}`;
}
