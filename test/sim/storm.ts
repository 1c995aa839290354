// The storm: what happens to servers and to what is between them, while it lasts. Each fault is drawn with its length;
// when the storm is over, everything is whole again, every server lives, and nothing else goes wrong.

import type { Cluster, Host } from './cluster.ts';
import type { Random } from './random.ts';
import type { Cut } from './record.ts';
import { Stranger } from './stranger.ts';
import type { Fault } from './weather.ts';

const SHORT_MS = [50, 2_000] as const;
/** Longer than silence is borne on a link. */
const LONG_MS = [3_000, 20_000] as const;

export class Storm {
  readonly #cluster: Cluster;
  readonly #random: Random;
  readonly #stranger: Stranger;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#random = cluster.world.random.fork();
    this.#stranger = new Stranger(cluster);
  }

  start(): void {
    const { faults } = this.#cluster.weather.network;
    if (this.#cluster.hosts.length > 1 && Object.values(faults).some((weight) => weight > 0)) this.#later();
  }

  /** Everything is whole again. */
  end(): void {
    const { network, record, world } = this.#cluster;
    network.mend();
    for (const cut of record.cuts) cut.until = Math.min(cut.until, world.elapsed);
    for (const host of this.#cluster.hosts) host.heal();
  }

  #later(): void {
    const { world, weather } = this.#cluster;
    world.after(this.#random.between(1, 2 * weather.network.faultEveryMs), () => {
      if (world.calm) return;
      this.#strike();
      this.#later();
    });
  }

  #strike(): void {
    const { hosts, world, weather, sometimes } = this.#cluster;
    const fault: Fault = this.#random.weighted(weather.network.faults);
    const a = this.#random.pick(hosts);
    const b = hosts[(a.index + this.#random.between(1, hosts.length - 1)) % hosts.length] as Host;
    world.note('storm', `${fault} ${a.index} ${b.index}`);
    sometimes.count(`fault: ${fault}`);
    switch (fault) {
      case 'reset':
        return this.#cluster.reset(a.index, b.index);
      case 'silence':
        return this.#cut([
          [a.index, b.index],
          [b.index, a.index],
        ]);
      case 'oneWay':
        return this.#cut([[a.index, b.index]]);
      case 'split':
        return this.#split();
      case 'pause':
        return a.pause(this.#random.between(20, 3_000));
      case 'longPause':
        return a.pause(this.#random.between(8_000, 25_000));
      case 'crash':
        return this.#die(a, false);
      case 'dark':
        return this.#die(a, true);
      case 'stop':
        a.stop('the operator stops it');
        return this.#startLater(a, 1_200);
      case 'leap':
        return this.#leap(a);
      case 'stranger':
        return this.#stranger.act(a);
    }
  }

  /** For how long something lasts. */
  #lasts(): number {
    const [from, to] = this.#random.chance(0.5) ? SHORT_MS : LONG_MS;
    return this.#random.between(from, to);
  }

  #cut(directions: readonly (readonly [number, number])[]): void {
    const { network, world, record } = this.#cluster;
    const cut = directions.filter(([from, to]) => !network.wire(from, to).isCut);
    for (const [a, b] of cut) network.cut(a, b);
    const pairs = cut.map((pair) => pair.join('-'));
    const account: Cut = { from: world.elapsed, until: Number.POSITIVE_INFINITY, pairs };
    record.cuts.push(account);
    world.after(this.#lasts(), () => {
      world.note('storm', `mends ${cut.map((one) => one.join('-')).join(' ')}`);
      for (const [a, b] of cut) network.wire(a, b).mend();
      account.until = Math.min(account.until, world.elapsed);
    });
  }

  #split(): void {
    const { hosts } = this.#cluster;
    const sides = hosts.map(() => this.#random.below(2));
    const parted: [number, number][] = [];
    for (const a of hosts.keys()) for (const b of hosts.keys()) if (sides[a] !== sides[b]) parted.push([a, b]);
    if (this.#random.chance(0.8)) for (const [a, b] of parted) this.#cluster.reset(a, b);
    this.#cut(parted);
  }

  #die(host: Host, isDark: boolean): void {
    host.crash(isDark);
    this.#startLater(host, this.#random.chance(0.3) ? 30 : this.#lasts());
  }

  #startLater(host: Host, ms: number): void {
    this.#cluster.world.after(ms, () => host.start());
  }

  /** Ahead, or a little back: clocks are set while servers run. */
  #leap(host: Host): void {
    host.leap(this.#random.chance(0.6) ? this.#random.between(500, 12_000) : -this.#random.between(100, 1_500));
  }
}
