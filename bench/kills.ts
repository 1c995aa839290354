// bun bench/kills.ts: programs that talk by the built SDK, over TCP and WebSocket, at servers that are killed one after the
// other and started again. What they sent, what became of it and what they read goes to stdout, and everything that the
// SDK promises and did not keep. It exits 1 when there was anything of that, 2 for a wrong flag.

import { type Flags, numberFlag, optionsOrExit, parseFlags } from '../src/cli/flags.ts';
import { Fleet, type Place } from '../test/support/fleet.ts';
import { type Connect, Crowd } from '../test/support/sdk-crowd.ts';
import { SdkPackage } from '../test/support/sdk-package.ts';
import { machineLine, thisMachine } from './machine.ts';

/** After a loss the rooms have to have a second copy again before the next one. */
const BETWEEN_MS = 2_000;

const USAGE = `Usage: bun bench/kills.ts [--kills N] [--servers N] [--members N] [--rooms N] [--every MS] [--hold S]

  --kills N    servers killed, one after the other, every second time the home of a room (50)
  --servers N  3 to 7 (3)
  --members N  half of them by TCP, half by WebSocket (6)
  --rooms N    each of them is in all (2)
  --every MS   between two messages of a member in a room (50)
  --hold S     the servers' --hold (3)`;

interface Options {
  readonly kills: number;
  readonly servers: number;
  readonly members: number;
  readonly rooms: number;
  readonly everyMs: number;
  readonly holdMs: number;
}

const RANGES = {
  kills: [50, 1, 10_000],
  servers: [3, 3, 7],
  members: [6, 2, 100],
  rooms: [2, 1, 20],
  every: [50, 1, 10_000],
  hold: [3, 0.1, 60],
} as const;

function readFlags(args: readonly string[]): Flags<Options> {
  const text = { type: 'string' } as const;
  const values = parseFlags(args, { kills: text, servers: text, members: text, rooms: text, every: text, hold: text });
  if (typeof values === 'string') return { wrong: values };
  if (values.help) return { help: USAGE };
  const wrong: string[] = [];
  const number = (name: keyof typeof RANGES): number => {
    const [preset, least, most] = RANGES[name];
    const value = numberFlag(name, values[name] ?? String(preset), least, most, name !== 'hold');
    if (typeof value === 'number') return value;
    wrong.push(value);
    return preset;
  };
  const options: Options = {
    kills: number('kills'),
    servers: number('servers'),
    members: number('members'),
    rooms: number('rooms'),
    everyMs: number('every'),
    holdMs: number('hold') * 1_000,
  };
  return wrong[0] === undefined ? { options } : { wrong: wrong[0] };
}

/** Kills a server and starts it again; resolves when everybody at all of them has everything. */
async function lose(fleet: Fleet, place: Place): Promise<void> {
  await fleet.kill(place, 'SIGKILL');
  await fleet.settled();
  await fleet.restart(place);
  await fleet.settled();
}

/** Resolves to whether nothing was wrong. */
async function run({ kills, servers, members, rooms, everyMs, holdMs }: Options): Promise<boolean> {
  using built = await SdkPackage.build();
  const { connect } = (await import(`${built.modules}/bun.js`)) as { readonly connect: Connect };
  await using fleet = await Fleet.start({ servers, flags: ['--hold', String(holdMs)], web: true });
  const web = fleet.places.map(({ server }) => `ws://127.0.0.1:${server.webPort}/ws`);
  const crowd = await Crowd.gather({
    members: Array.from({ length: members }, (_, i) => {
      const places = i % 2 === 0 ? fleet.addresses : web;
      return { connect, servers: places.map((_, j) => places[(i + j) % places.length] as string) };
    }),
    rooms: Array.from({ length: rooms }, (_, i) => `room${i}`),
    everyMs,
  });
  for (let kill = 1; kill <= kills; kill++) {
    const turn = kill >> 1;
    const home = crowd.homeOf(`room${turn % rooms}`);
    const place = fleet.places.find(({ number }) => number === home);
    await lose(fleet, kill % 2 === 0 && place !== undefined ? place : (fleet.places[turn % servers] as Place));
    process.stderr.write(`… ${kill}/${kills}; ${crowd.faults.length} faults\n`);
    await Bun.sleep(holdMs + BETWEEN_MS);
  }
  const figures = await crowd.end();
  fleet.record.close();
  const faults = [...crowd.faults, ...fleet.record.faults];
  const failed = Object.entries(figures.failed).map(([code, count]) => `${code} ${count}`);
  say(`${kills} kills of ${servers} servers, ${members} members in ${rooms} rooms, hold ${holdMs} ms`);
  say(`  ${figures.sent} sent, ${figures.accepted} accepted, failed: ${failed.join(', ') || 'none'}`);
  say(
    `  ${figures.unsettled} never settled; ${figures.read} read, ${figures.lost} gaps told, ${figures.epochs} epochs`,
  );
  say(`  ${figures.reconnects} reconnects, ${figures.resumed} sessions taken over; ${faults.length} faults`);
  for (const fault of faults.slice(0, 20)) say(`    FAULT ${fault}`);
  return faults.length === 0;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

if (import.meta.main) {
  const options = optionsOrExit('kills', readFlags(process.argv.slice(2)));
  say(machineLine(thisMachine()));
  process.exit((await run(options)) ? 0 : 1);
}
