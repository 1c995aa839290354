// One run: a seed in, violations and a hash out. A storm of faults, then calm in which everything has to settle, then
// an auditor at each server who looks at every room and every nickname, then everybody goes and nothing may be left.

import { Auditor } from './auditor.ts';
import { CHECKERS } from './checkers/all.ts';
import { Cluster, type Host } from './cluster.ts';
import { CoreClient } from './core-client.ts';
import { type Dial, RawClient } from './raw-client.ts';
import { type Dialogue, Record } from './record.ts';
import { countRecord, Sometimes } from './sometimes.ts';
import { Storm } from './storm.ts';
import { STRANGE } from './stranger.ts';
import type { Violation } from './violation.ts';
import { drawWays, drawWeather, onRoughLines, PROMPT_WAY } from './weather.ts';
import { Livelock, World } from './world.ts';

export interface Result {
  readonly seed: number;
  readonly hash: string;
  readonly violations: readonly Violation[];
  readonly sometimes: Sometimes;
  readonly events: number;
  /** Virtual milliseconds. */
  readonly elapsedMs: number;
  readonly frames: number;
}

const SHOWN = 12;
const FINAL = 'the last word';
/**
 * Until what was said last has no consequences any more: a number that was given out is over, who has gone is known to
 * have gone, who lost its connection is back, and each server has told what it knows.
 */
const QUIET_MS = 15_000;
/** So often that is waited for: who is back may say something, too. */
const MOST_WAITS = 6;

export interface RunOptions {
  /** How many there are; drawn from the seed when undefined, too, but at least two for 'many'. */
  readonly servers?: number | 'many' | undefined;
  /** So many client cores on rough lines; drawn, and on better ones, when undefined. */
  readonly cores?: number | undefined;
  /** Is told the trace, line by line. */
  readonly onLine?: ((line: string) => void) | undefined;
}

export function runSeed(seed: number, options: RunOptions = {}): Result {
  const { servers, cores: rough, onLine } = options;
  const world = new World(seed, onLine);
  const drawn = drawWeather(world.random.fork(), servers);
  const weather = rough === undefined ? drawn : onRoughLines(drawn, rough);
  if (onLine !== undefined) onLine(`weather ${JSON.stringify(weather)}`);
  const sometimes = new Sometimes();
  const record = new Record({ ...weather.facts });
  const cluster = new Cluster(world, weather, record, sometimes);
  world.onFault = (error) => {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    cluster.violate({ invariant: 'FAULT', at: world.elapsed, what });
  };
  const storm = new Storm(cluster);
  const ways = world.random.fork();
  const dial: Dial = (name, address, profile, server) => {
    const drawn = drawWays(ways, profile === 'slow');
    const [there, back] = profile === 'observer' ? [PROMPT_WAY, PROMPT_WAY] : drawn;
    return cluster.connect(cluster.hosts[server] as Host, name, address, there, back, ways.fork());
  };
  const clients = weather.profiles.map((profile, i) => new RawClient(i, profile, world, weather, record, dial));
  const cores = Array.from({ length: weather.cores }, (_, i) => {
    return new CoreClient(100 + i, world, weather, record, dial);
  });
  const { limits } = weather.base.node;
  const play = (): void => {
    for (const host of cluster.hosts) world.after(host.index === 0 ? 0 : world.random.below(300), () => host.start());
    for (const client of [...clients, ...cores]) world.after(world.random.below(1_000), () => client.start());
    storm.start();
    world.run(weather.stormMs);

    world.note('world', 'calm');
    world.calm = true;
    record.facts.calmAt = world.elapsed;
    storm.end();
    for (const client of clients) client.calm();
    world.run(weather.settleMs);

    for (const client of [...clients, ...cores]) client.ask(FINAL);
    // Whoever has a slow way may have much to read still, and its words to be heard wait for that.
    const isWaiting = ({ dialogue }: RawClient | CoreClient): boolean =>
      dialogue !== undefined && dialogue.ended === undefined && !hasLastWord(dialogue);
    for (let left = 60; left > 0 && [...clients, ...cores].some(isWaiting); left--) world.run(1_000);
    // Who asked for more than its way can carry is cut off, or it would still be obeyed while the auditors look.
    for (const client of clients) if (isWaiting(client)) client.cut('reset');
    const unrest = (): number => lastNews(record) + QUIET_MS - world.elapsed;
    for (let left = MOST_WAITS; left > 0 && unrest() > 0; left--) world.run(unrest());
    for (const { dialogue } of [...clients, ...cores]) {
      if (dialogue !== undefined && isSettled(dialogue)) dialogue.settle(world.elapsed);
    }

    record.facts.auditAt = world.elapsed;
    cluster.checkLinks();
    const nicks = [STRANGE, ...clients.flatMap((client) => [...client.nicks].slice(-2))];
    const auditors = cluster.hosts.map(({ index }) => new Auditor(index, nicks, world, weather, record, dial));
    world.run(1);
    for (let left = 300; left > 0 && !auditors.every(({ isDone }) => isDone); left--) world.run(500);
    record.facts.retiredAt = world.elapsed;
    for (const auditor of auditors) auditor.retire();
    for (const client of [...clients, ...cores]) client.retire();
    world.run(limits.idleTimeoutMs + limits.writeDeadlineMs + 5_000);
    world.run(weather.base.node.chat.limits.roomIdleMs + 2_000);
    // Ids outlive nothing but their rooms.
    for (const { server } of cluster.hosts) server?.checkEmpty();
  };
  try {
    play();
  } catch (error) {
    if (!(error instanceof Livelock)) throw error;
    cluster.violate({ invariant: 'LIVELOCK', at: world.elapsed, what: error.message });
  }
  const violations = [...cluster.violations];
  for (const checker of CHECKERS) {
    for (const violation of checker.check(record)) {
      if (violations.length < SHOWN) violations.push(violation);
    }
  }
  countRecord(record, sometimes);
  const frames = record.dialogues.reduce((sum, { utterances }) => sum + utterances.length, 0);
  return {
    seed,
    hash: world.trace.hash,
    violations,
    sometimes,
    events: world.events,
    elapsedMs: world.elapsed,
    frames,
  };
}

/** When somebody last came, went or said more than that it lives, or a server last had something to tell of itself. */
function lastNews({ dialogues, links }: Record): number {
  let last = 0;
  for (const { openedAt, endedAt, utterances } of dialogues) {
    const news = utterances.findLast(({ verb }) => verb !== 'PING' && verb !== 'PONG');
    last = Math.max(last, openedAt, endedAt, news?.at ?? 0);
  }
  for (const { utterances } of links)
    last = Math.max(last, utterances.findLast(({ verb }) => verb === 'FACT')?.at ?? 0);
  return last;
}

/** Whoever has its answer to the last question has read everything before it. */
function isSettled(dialogue: Dialogue): boolean {
  return dialogue.ended === undefined && hasLastWord(dialogue);
}

function hasLastWord({ utterances }: Dialogue): boolean {
  return utterances.some(({ said, verb, args }) => !said && verb === 'PONG' && args[0] === FINAL);
}
