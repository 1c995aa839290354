// bun bench/failover.ts: what a network makes of the loss of a room's home, on real processes, with members of the room
// at every server who talk all the time, and with the load generator beside them. Each trial runs for so many rounds;
// its times go to stdout, and everything that the protocol forbids.
// It exits 1 when anything of that was seen, 2 for a wrong flag.

import { type Flags, numberFlag, optionsOrExit, parseFlags } from '../src/cli/flags.ts';
import { cutHome, killHome, pauseHome, type Round, rollAll } from '../test/support/failover.ts';
import { Fleet } from '../test/support/fleet.ts';
import { LoadProcess, type LoadResult } from '../test/support/load.ts';
import { machineLine, thisMachine } from './machine.ts';

const TRIALS = ['kill', 'pause', 'roll', 'reset', 'silence'] as const;
type Trial = (typeof TRIALS)[number];
const BETWEEN_MS = 3_000;
/** A server that was silent for long has much to catch up with; its readers are to miss none of it. */
const ROOM_MESSAGES = '16384';

const USAGE = `Usage: bun bench/failover.ts [--only TRIAL,…] [--rounds N] [--servers N] [--pause S] [--hold S] [--rate N]

  --only TRIAL,…  of ${TRIALS.join(', ')} (all)
  --rounds N      of each trial (20; a round of pause, silence and roll takes half a minute)
  --servers N     3 to 7 (3)
  --pause S       how long a paused home stands still, and a silent link lasts (20)
  --hold S        the servers' --hold (3)
  --rate N        messages a second of the load beside it (60)`;

interface Options {
  readonly trials: readonly Trial[];
  readonly rounds: number;
  readonly servers: number;
  readonly pauseMs: number;
  readonly holdMs: number;
  readonly rate: number;
}

function readFlags(args: readonly string[]): Flags<Options> {
  const text = { type: 'string' } as const;
  const values = parseFlags(args, { only: text, rounds: text, servers: text, pause: text, hold: text, rate: text });
  if (typeof values === 'string') return { wrong: values };
  if (values.help) return { help: USAGE };
  const wrong: string[] = [];
  const number = (
    name: 'rounds' | 'servers' | 'pause' | 'hold' | 'rate',
    preset: number,
    least: number,
    most: number,
  ) => {
    const value = numberFlag(name, values[name] ?? String(preset), least, most, name !== 'hold');
    if (typeof value === 'number') return value;
    wrong.push(value);
    return preset;
  };
  const wanted = values.only?.split(',') ?? TRIALS;
  const trials = TRIALS.filter((trial) => wanted.includes(trial));
  if (trials.length !== wanted.length) wrong.push(`--only takes some of ${TRIALS.join(', ')}`);
  const options: Options = {
    trials,
    rounds: number('rounds', 20, 1, 1_000),
    servers: number('servers', 3, 3, 7),
    pauseMs: number('pause', 20, 1, 600) * 1_000,
    holdMs: number('hold', 3, 0.1, 60) * 1_000,
    rate: number('rate', 60, 1, 10_000),
  };
  return wrong[0] === undefined ? { options } : { wrong: wrong[0] };
}

/** Runs a trial; resolves to whether nothing was wrong. */
async function run(trial: Trial, options: Options): Promise<boolean> {
  const { rounds, servers, holdMs } = options;
  const gates = trial === 'reset' || trial === 'silence';
  const flags = ['--hold', String(holdMs), '--room-messages', ROOM_MESSAGES, '--room-bytes', '16MiB'];
  await using fleet = await Fleet.start({ servers, gates, flags });
  const shape = ['--clients', String(servers * 6), '--rooms', String(servers), '--rate', String(options.rate)];
  using load = await LoadProcess.start(fleet.addresses, ...shape, '--seconds', '7200', '--patience', '60');
  const done: Round[] = [];
  let broken: string | undefined;
  try {
    for (let round = 1; round <= rounds; round++) {
      // What is kept by two servers survives one loss at a time: the rooms of the load have to be whole again, too.
      if (round > 1) await Bun.sleep(holdMs + BETWEEN_MS);
      const more = await once(trial, fleet, options);
      done.push(...more);
      const said = more.map(({ home, backMs }) => `${home} ${ms(backMs)}`).join(', ');
      process.stderr.write(`… ${trial} ${round}/${rounds}: ${said}; ${fleet.record.faults.length} faults\n`);
    }
  } catch (error) {
    broken = error instanceof Error ? error.message : String(error);
  }
  const result = await load.end();
  fleet.record.close();
  return report(trial, options, done, fleet, result, broken);
}

async function once(trial: Trial, fleet: Fleet, { pauseMs }: Options): Promise<Round[]> {
  switch (trial) {
    case 'kill':
      return [await killHome(fleet)];
    case 'pause':
      return [await pauseHome(fleet, pauseMs)];
    case 'roll':
      return rollAll(fleet);
    case 'reset':
      return [await cutHome(fleet, 'reset', 5_000)];
    case 'silence':
      return [await cutHome(fleet, 'silence', pauseMs)];
    default:
      return trial satisfies never;
  }
}

function report(
  trial: Trial,
  { servers, holdMs }: Options,
  rounds: readonly Round[],
  fleet: Fleet,
  load: LoadResult,
  broken: string | undefined,
): boolean {
  const { faults, acknowledged } = fleet.record;
  const times = rounds.map(({ backMs }) => backMs).sort((a, b) => a - b);
  const middle = times[times.length >> 1] ?? Number.NaN;
  const refusals = fleet.places.flatMap(({ observer }) => observer.refusals);
  const { account, verdict } = load;
  say(`\n${trial}: ${rounds.length} rounds, ${servers} servers, hold ${ms(holdMs)}`);
  say(`  longest without an answer: median ${ms(middle)}, worst ${ms(times.at(-1) ?? Number.NaN)}`);
  say(`  members that watched: ${acknowledged} answers, ${faults.length} faults, ${refusals.length} refusals`);
  for (const fault of faults.slice(0, 10)) say(`    FAULT ${fault}`);
  for (const refusal of refusals.slice(0, 3)) say(`    refused: ${refusal}`);
  const failed = Object.entries(load.failures).map(([code, count]) => `${code} ${count}`);
  say(
    `  load: ${account.sent} sent, ${account.acknowledged} acknowledged, ${account.delivered} of ${account.expected} delivered; ` +
      `lost ${verdict.lost}, doubled ${verdict.doubled}, out of order ${verdict.outOfOrder}`,
  );
  say(
    `    failed ${account.failed} ${failed.join(', ')}; reconnects ${load.reconnects}, taken over ${load.resumed}, ` +
      `gaps told ${load.gaps}, epochs ${account.epochs}, longest outage ${ms(load.outageMs)}`,
  );
  say(
    `    delivery p50 ${load.delivery.p50.toFixed(2)} ms, p99 ${load.delivery.p99.toFixed(0)} ms; answer p50 ` +
      `${load.acknowledgement.p50.toFixed(2)} ms, p99 ${load.acknowledgement.p99.toFixed(0)} ms`,
  );
  if (broken !== undefined) say(`  BROKEN ${broken}`);
  return faults.length === 0 && verdict.good && broken === undefined;
}

function ms(value: number): string {
  return value >= 1_000 ? `${(value / 1_000).toFixed(2)} s` : `${Math.round(value)} ms`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

if (import.meta.main) {
  const options = optionsOrExit('failover', readFlags(process.argv.slice(2)));
  say(machineLine(thisMachine()));
  let good = true;
  for (const trial of options.trials) good = (await run(trial, options)) && good;
  process.exit(good ? 0 : 1);
}
