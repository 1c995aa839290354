// A network of real servers that are killed, paused, told to leave, cut from each other and started again, each under
// its old name, id and addresses, with members of one room at each of them (RoomObserver) who talk all the time.

import { type Cut, Gate } from './gate.ts';
import { TestNetwork } from './network.ts';
import { homeOf, Observer, RoomRecord } from './room-observer.ts';
import type { ServerProcess } from './server.ts';

const NAMES = ['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta', 'eta'] as const;
/** How often each member says something. */
const TALK_MS = 50;
/** Members who do not come to have the same have lost something. */
const SETTLE_MS = 30_000;

export interface FleetOptions {
  readonly servers: number;
  /** Whether links go through gates, and so can be cut. */
  readonly gates?: boolean;
  /** Whether they listen for WebSockets. */
  readonly web?: boolean;
  /** Further flags of each server. */
  readonly flags?: readonly string[];
}

export interface Place {
  readonly number: number;
  readonly name: string;
  readonly gate: Gate | undefined;
  server: ServerProcess;
  observer: Observer;
  /** Counts its observers. */
  lives: number;
}

export class Fleet implements AsyncDisposable {
  readonly places: Place[] = [];
  readonly record = new RoomRecord('watched');
  readonly #network = new TestNetwork();
  readonly #options: FleetOptions;
  readonly #talk: ReturnType<typeof setInterval>;

  private constructor(options: FleetOptions) {
    this.#options = options;
    this.#talk = setInterval(() => {
      for (const { observer } of this.places) if (!observer.lost) observer.say();
    }, TALK_MS);
  }

  /** Starts the servers; resolves when a member is in the room at each of them, and talks. */
  static async start(options: FleetOptions): Promise<Fleet> {
    const fleet = new Fleet(options);
    try {
      for (const [i, name] of NAMES.slice(0, options.servers).entries()) await fleet.#add(i + 1, name);
      await fleet.settled();
      return fleet;
    } catch (error) {
      await fleet[Symbol.asyncDispose]();
      throw error;
    }
  }

  get addresses(): string[] {
    return this.places.map(({ server }) => `127.0.0.1:${server.port}`);
  }

  /** The server that is at home in the room, as its members know it. */
  get home(): Place {
    const latest = this.places.filter(({ observer }) => !observer.lost).map(({ observer }) => observer.epoch);
    const number = homeOf(latest[0] ?? '');
    const place = this.places.find((each) => each.number === number);
    if (place === undefined) throw new Error(`no server is at home in ${latest}`);
    return place;
  }

  /** All but this one. */
  others(place: Place): Place[] {
    return this.places.filter((each) => each !== place);
  }

  async kill(place: Place, signal: NodeJS.Signals): Promise<number> {
    const { code } = await place.server.stop(signal);
    place.observer.leave();
    return code;
  }

  /** Starts a server that has ended, and brings a member into the room there. */
  async restart(place: Place): Promise<void> {
    const { ready, port } = place.server;
    const web = ready.web === undefined ? [] : ['--web', ready.web];
    const flags = ['--clients', `127.0.0.1:${port}`, '--links', ready.links as string, ...web];
    place.server = await this.#start(place.number, place.name, place.gate, ...flags);
    place.observer = await this.#enter(place);
  }

  cut(a: Place, b: Place, how: Cut): void {
    a.gate?.cut(b.name, how);
    b.gate?.cut(a.name, how);
  }

  heal(a: Place, b: Place): void {
    a.gate?.heal(b.name);
    b.gate?.heal(a.name);
  }

  /**
   * How many ms passed since `since` until every one of `places` had an answer, in another epoch than `epoch`, to what
   * its member said.
   */
  async back(places: readonly Place[], epoch: string, since: number): Promise<number> {
    const times: number[] = [];
    for (const { name, observer } of places) {
      const first = () => observer.answers.findLast(({ epoch: other, at }) => other !== epoch && at > since);
      await inTime(
        observer.until(() => first() !== undefined),
        `${name} takes nothing any more`,
      );
      times.push(observer.answers.find(({ epoch: other, at }) => other !== epoch && at > since)?.at ?? 0);
    }
    return Math.max(...times) - since;
  }

  /** Resolves when every member has what any of them had at this moment, and an answer to all that it had said. */
  async settled(): Promise<void> {
    const present = this.places.map(({ observer }) => observer).filter(({ lost }) => !lost);
    const furthest = Math.max(...present.map(({ next }) => next));
    for (const observer of present) {
      const said = performance.now();
      await inTime(
        observer.until(() => observer.next >= furthest && (observer.answers.at(-1)?.saidAt ?? 0) > said),
        `${observer.name} stands at ${observer.epoch}:${observer.next} of ${furthest}, ${observer.unanswered} unanswered`,
      );
    }
  }

  /** The longest time without an answer that a member at `places` had since `since`, ms. */
  longestSilence(since: number, places: readonly Place[]): number {
    const waits = places.map(({ observer }) => {
      const times = [since, ...observer.answers.map(({ at }) => at).filter((at) => at > since)];
      return Math.max(0, ...times.slice(1).map((at, i) => at - (times[i] as number)));
    });
    return Math.max(...waits);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#talk);
    for (const { observer } of this.places) observer.leave();
    for (const { server } of this.places) server.process.kill('SIGCONT');
    await this.#network[Symbol.asyncDispose]();
    for (const { gate } of this.places) gate?.[Symbol.dispose]();
  }

  async #add(number: number, name: string): Promise<void> {
    const gate = this.#options.gates ? new Gate() : undefined;
    const web = this.#options.web === true ? ['--web', '127.0.0.1:0'] : [];
    const server = await this.#start(number, name, gate, ...web);
    const observer = await Observer.enter(server.port, `${name}-1`, this.record, number === 1);
    this.places.push({ number, name, gate, server, observer, lives: 1 });
  }

  async #start(number: number, name: string, gate: Gate | undefined, ...flags: string[]): Promise<ServerProcess> {
    const reached = gate === undefined ? [] : ['--advertise', gate.address];
    const given = [...flags, ...reached, ...(this.#options.flags ?? [])];
    const server = await this.#network.start(name, '--id', String(number), ...given);
    gate?.leadTo(server.ready.links as string);
    return server;
  }

  #enter(place: Place): Promise<Observer> {
    place.lives++;
    return Observer.enter(place.server.port, `${place.name}-${place.lives}`, this.record);
  }
}

async function inTime(pending: Promise<void>, complaint: string): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(complaint)), SETTLE_MS);
  });
  await Promise.race([pending, late]).finally(() => clearTimeout(timer));
}
