// Runs seeds of the small network: `bun test/order/network/main.ts FROM COUNT [trace | first]`. With `first` it stops at
// the first seed that breaks something and says which invariant; with `trace` everything is printed.

import { Violation, World } from './world.ts';

const [from = 1, count = 100] = process.argv.slice(2, 4).map(Number);
const mode = process.argv[4];
const counts = new Map<string, number>();
let failed = 0;
let events = 0;
const started = performance.now();
for (let seed = from; seed < from + count; seed++) {
  const world = new World({ seed, trace: mode === 'trace' });
  try {
    world.run();
  } catch (error) {
    failed++;
    const isNamed = error instanceof Violation;
    const what = isNamed ? error.message : `ERROR: ${error instanceof Error ? error.stack : String(error)}`;
    if (failed <= 12) console.log(`seed ${seed}: ${what}`);
    if (mode === 'first') break;
  }
  events += world.clock.events;
  for (const [name, n] of [...world.counts, ...Object.entries(world.tally())]) {
    counts.set(name, (counts.get(name) ?? 0) + n);
  }
}
if (mode !== 'first') {
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${count} seeds, ${failed} failed, ${events} events, ${seconds} s`);
  console.log([...counts].map(([name, n]) => `${name} ${n}`).join(', '));
}
