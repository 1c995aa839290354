// Runs seeds of the small network: `bun test/order/network/main.ts FROM COUNT [first | trace] [name=value …]`. With
// `first` it stops at the first seed that breaks something and says which invariant; with `trace` everything is printed.
// Settings: servers, holdMs, skewMs (of clocks), slots (kept by a room), budget (bytes, kept by a server).

import { Violation } from './surroundings.ts';
import { World } from './world.ts';

const [from = 1, count = 100] = process.argv.slice(2, 4).map(Number);
const modes = process.argv.slice(4);
const settings = new Map(modes.filter((one) => one.includes('=')).map((one) => one.split('=') as [string, string]));
const numbers = (name: string): number | undefined => (settings.has(name) ? Number(settings.get(name)) : undefined);
const mode = modes.find((one) => !one.includes('='));
const slots = numbers('slots');
const options = {
  trace: mode === 'trace',
  ...Object.fromEntries(
    ['servers', 'holdMs', 'skewMs', 'budget'].flatMap((name) => {
      const value = numbers(name);
      return value === undefined ? [] : [[name, value]];
    }),
  ),
  ...(slots !== undefined && { memory: { slots, bytes: slots * 128 } }),
};
const counts = new Map<string, number>();
let failed = 0;
let events = 0;
const started = performance.now();
for (let seed = from; seed < from + count; seed++) {
  const world = new World({ seed, ...options });
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
