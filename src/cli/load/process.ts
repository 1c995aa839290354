// What processes take: processor time and resident memory, by Linux's /proc. Elsewhere, and of a process that is gone,
// nothing is known, and that is said.

import { readFileSync } from 'node:fs';

export interface Usage {
  /** Processor time since its start, user and system, in ms. */
  readonly cpuMs: number;
  readonly rssBytes: number;
}

/** Linux counts processor time in hundredths of a second. */
const TICK_MS = 10;

/** What process `pid` has taken until now; undefined when that is not known. */
export function usageOf(pid: number): Usage | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Behind the name, which may hold anything: user and system time are the 14th and 15th of all fields.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const rss = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return { cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS, rssBytes: Number(rss ?? 0) * 1_024 };
  } catch {
    return undefined;
  }
}
