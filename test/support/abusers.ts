// bun test/support/abusers.ts PORT VISITS PACE N: everybody who does not come to talk, all at once and in a process of their
// own, until so many connections have come and gone, PACE of them a second. Attackers of a kind wait a moment between two
// attacks, so that what is measured beside them is the server and not a machine that is full. One line of JSON at the end
// says what was done. N tells the names of one attack from those of another.

import { RawClient } from './raw-client.ts';
import { stallReaders } from './stall.ts';
import { visit } from './visit.ts';

const MIB = 1024 * 1024;
const VISITS_AT_ONCE = 50;
const STALLED = 100;
const SLOW = 100;
/** What floods, and what never ends. Each is told why, and its connection is closed. */
const ENDLESS = [
  '<PING>'.repeat(20_000),
  '<CSEND,hi,no>'.repeat(20_000),
  '<>'.repeat(50_000),
  ' '.repeat(MIB),
  'x'.repeat(MIB),
  '\\'.repeat(MIB),
  '<'.repeat(MIB),
  '\0'.repeat(MIB),
  `<CSEND,${'x'.repeat(MIB)}`,
  `<C${','.repeat(MIB)}`,
];
const BREATH_MS = 20;

/** What was done, in connections. */
export interface Abuse {
  visits: number;
  floods: number;
  slow: number;
  stalled: number;
}

async function main(port: number, visits: number, pace: number, attack: string): Promise<void> {
  const done: Abuse = { visits: 0, floods: 0, slow: 0, stalled: STALLED };
  const over = (): boolean => done.visits >= visits;
  const pit = `pit${attack}`;
  const host = await RawClient.register(port, pit);
  host.send(`<CREATEROOM,${pit}><JOINROOM,${pit}>`);
  await host.until(`<RPL_WELCOME,${pit}`);
  await stallReaders(port, pit, STALLED);
  const began = performance.now();
  /** When so many visits have had their time, in ms from now. */
  const due = (count: number): number => began + (count * 1000) / pace - performance.now();
  await Promise.all([
    ...Array.from({ length: VISITS_AT_ONCE }, () => comeAndGo(port, done, due, over)),
    ...[0, 1].map((first) => flood(port, first, done, over)),
    ...Array.from({ length: SLOW }, () => dawdle(port, done, over)),
    talkToTheDeaf(host, pit, over),
  ]);
  process.stdout.write(`${JSON.stringify(done)}\n`);
  process.exit(0);
}

/** Visits, each when its time has come; who is late does not wait. */
async function comeAndGo(
  port: number,
  done: Abuse,
  due: (count: number) => number,
  over: () => boolean,
): Promise<void> {
  while (!over()) {
    const number = done.visits++;
    const wait = due(number);
    if (wait > 0) await Bun.sleep(wait);
    await visit(port, number);
  }
}

/** Registers and sends what is too much, again and again. */
async function flood(port: number, first: number, done: Abuse, over: () => boolean): Promise<void> {
  for (let i = first; !over(); i++) {
    const client = await RawClient.register(port, `flood${first}n${i}`);
    client.send(Buffer.from(ENDLESS[i % ENDLESS.length] as string, 'latin1'));
    await client.until('<ERROR,');
    client.reset();
    done.floods++;
    await Bun.sleep(BREATH_MS);
  }
}

/** Says a byte of its name now and then until the server has had enough. */
async function dawdle(port: number, done: Abuse, over: () => boolean): Promise<void> {
  while (!over()) {
    const client = await RawClient.connect(port);
    for (let i = 0; !client.closed && !over(); i++) {
      client.send('<NICK,dawdler>'[i] ?? ' ');
      await Bun.sleep(500);
    }
    if (client.closed) done.slow++;
    client.reset();
  }
}

/** Speaks to those who do not read, as fast as the server lets anybody. */
async function talkToTheDeaf(host: RawClient, pit: string, over: () => boolean): Promise<void> {
  const text = 'x'.repeat(1_000);
  while (!over()) {
    host.send(`<CSEND,${text},${pit}>`);
    host.lines.length = 0;
    await Bun.sleep(250);
  }
}

if (import.meta.main) {
  const [port, visits, pace] = process.argv.slice(2).map(Number) as [number, number, number];
  await main(port, visits, pace, process.argv[5] ?? '');
}
