// Garbage on the way of a message: how often the collector had to run while a process of its own took millions of
// CSEND frames. A count, not a time, so it is the same on every machine. The same process with no frames at all tells
// what starting costs, and one that makes a small array a frame shows that garbage would be seen.

import { join } from 'node:path';
import type { Reporter, Row } from './report.ts';

const PROGRAM = join(import.meta.dir, 'allocating.ts');

interface Way {
  readonly name: string;
  readonly way: 'scanner' | 'node' | 'waste';
  readonly frames: number;
}

export interface Collections {
  readonly frames: number;
  readonly young: number;
  readonly full: number;
}

export async function allocations(frames: number, reporter: Reporter): Promise<void> {
  const ways: readonly Way[] = [
    { name: 'scanner and verb table, started only', way: 'scanner', frames: 0 },
    { name: 'scanner and verb table', way: 'scanner', frames },
    { name: 'the same, and a small array a frame', way: 'waste', frames },
    { name: 'a node with 20 members, started only', way: 'node', frames: 0 },
    { name: 'a node with 20 members', way: 'node', frames },
  ];
  const rows: Row[] = [];
  for (const { name, way, frames: wanted } of ways) {
    reporter.progress(`allocations: ${name}`);
    const found = await collections(way, wanted);
    rows.push({ name, values: [found.frames, found.young, found.full] });
  }
  reporter.table({
    suite: 'allocations',
    title: 'collections while CSEND frames are taken',
    columns: ['frames', 'young', 'full'],
    rows,
    note: 'The collector runs after some 8 MiB: one young collection in ten million frames is less than a byte a frame.',
  });
}

/** The collections of a process that takes `frames` frames. */
export async function collections(way: Way['way'], frames: number): Promise<Collections> {
  const child = Bun.spawn([process.execPath, PROGRAM, way, String(frames)], {
    env: { ...process.env, BUN_JSC_logGC: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, log, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  const said = `${out}\n${log}`;
  const taken = /\{"frames":(\d+)\}/.exec(said)?.[1];
  if (code !== 0 || taken === undefined) throw new Error(`${way} ended with code ${code}: ${log.slice(-2_000)}`);
  return { frames: Number(taken), young: count(said, 'EdenCollection'), full: count(said, 'FullCollection') };
}

function count(text: string, what: string): number {
  return text.split(`=> ${what}`).length - 1;
}
