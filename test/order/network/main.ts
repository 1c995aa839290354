// Runs seeds of the small network: `bun test/order/network/main.ts FROM COUNT [trace]`.
import { Violation, World } from './world.ts';

const [from = 1, count = 100] = process.argv.slice(2, 4).map(Number);
const trace = process.argv[4] === 'trace';
const counts = new Map<string, number>();
let failed = 0;
let events = 0;
const started = performance.now();
for (let seed = from; seed < from + count; seed++) {
  const world = new World({ seed, trace });
  try {
    world.run();
  } catch (error) {
    failed++;
    const what = error instanceof Violation ? error.message : error instanceof Error ? error.stack : String(error);
    if (failed <= 12) console.log(`seed ${seed}: ${what}`);
  }
  events += world.clock.events;
  for (const [name, n] of world.counts) counts.set(name, (counts.get(name) ?? 0) + n);
  for (const [name, n] of Object.entries(world.tally())) counts.set(name, (counts.get(name) ?? 0) + n);
}
console.log(
  `${count} seeds, ${failed} failed, ${events} events, ${((performance.now() - started) / 1000).toFixed(1)} s`,
);
console.log([...counts].map(([name, n]) => `${name} ${n}`).join(', '));
