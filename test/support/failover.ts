// Trials of a network with members at every server of a room who talk without a break: its home is killed, paused or
// told to leave, or cut from another server, and comes back. A trial says how long it took until everybody else could
// talk again; what must never happen stands in the record of the room (RoomRecord).

import type { Fleet } from './fleet.ts';
import type { Cut } from './gate.ts';

export interface Round {
  /** Who was at home. */
  readonly home: string;
  /** Until every member elsewhere had an answer again, ms. */
  readonly backMs: number;
}

/** The home is killed, others take over, and it is started again. */
export async function killHome(fleet: Fleet): Promise<Round> {
  const { home } = fleet;
  const others = fleet.others(home);
  const { epoch } = home.observer;
  const before = others.map(({ observer }) => observer.epochs);
  const since = performance.now();
  await fleet.kill(home, 'SIGKILL');
  const backMs = await fleet.back(others, epoch, since);
  await fleet.settled();
  await fleet.restart(home);
  await fleet.settled();
  countEpochs(fleet, others, before, 1);
  return { home: home.name, backMs };
}

/** The home stands still for so long, and goes on: what it decided meanwhile, or thought it did, reaches nobody. */
export async function pauseHome(fleet: Fleet, pauseMs: number): Promise<Round> {
  const { home } = fleet;
  const others = fleet.others(home);
  const { epoch } = home.observer;
  const before = fleet.places.map(({ observer }) => observer.epochs);
  const since = performance.now();
  home.server.process.kill('SIGSTOP');
  const back = fleet.back(others, epoch, since);
  await Promise.all([back, Bun.sleep(pauseMs)]);
  home.server.process.kill('SIGCONT');
  await fleet.settled();
  countEpochs(fleet, fleet.places, before, 1);
  return { home: home.name, backMs: await back };
}

/** Each server in turn is told to leave, and is started again. */
export async function rollAll(fleet: Fleet): Promise<Round[]> {
  const rounds: Round[] = [];
  for (const place of fleet.places) {
    const since = performance.now();
    const home = fleet.home.name;
    const code = await fleet.kill(place, 'SIGTERM');
    if (code !== 0) fleet.record.faults.push(`${place.name} ended with ${code}`);
    await fleet.settled();
    await fleet.restart(place);
    await fleet.settled();
    const what = place.name === home ? `${place.name} (home)` : place.name;
    rounds.push({ home: what, backMs: fleet.longestSilence(since, fleet.others(place)) });
  }
  return rounds;
}

/** The link between the home and one other server is cut for so long: there is another way round. */
export async function cutHome(fleet: Fleet, how: Cut, cutMs: number): Promise<Round> {
  const { home } = fleet;
  const other = fleet.others(home)[0] as (typeof fleet.places)[number];
  const before = fleet.places.map(({ observer }) => observer.epochs);
  const since = performance.now();
  fleet.cut(home, other, how);
  await Bun.sleep(cutMs);
  await fleet.settled();
  fleet.heal(home, other);
  await fleet.settled();
  countEpochs(fleet, fleet.places, before, 0);
  return { home: `${home.name} from ${other.name}`, backMs: fleet.longestSilence(since, fleet.places) };
}

/** Each of `places` saw so many EPOCHs more than `before`. */
function countEpochs(fleet: Fleet, places: Fleet['places'], before: readonly number[], wanted: number): void {
  places.forEach(({ observer }, i) => {
    const seen = observer.epochs - (before[i] as number);
    if (seen !== wanted) fleet.record.faults.push(`${observer.name}: saw ${seen} EPOCHs where ${wanted} was to come`);
  });
}
