// A stranger: somebody on the network who does not know its secret, and has heard everything that went over it. It
// forges datagrams and says recorded ones again, knocks at the listeners for links with an introduction of its own or
// somebody else's, plays a recorded handshake, and tells facts before anybody asked. Its names are its own, so that
// whatever comes of it is seen.

import type { Cluster, Host } from './cluster.ts';
import { encode, FrameReader } from './frames.ts';
import type { Random } from './random.ts';

/** In every name that it makes up. */
export const STRANGE = 'zzevil';
const IP = '10.9.9.9';
const NO_MAC = '0'.repeat(64);

export class Stranger {
  readonly #cluster: Cluster;
  readonly #random: Random;
  #knocks = 0;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#random = cluster.world.random.fork();
  }

  act(host: Host): void {
    const what = this.#random.weighted({ forge: 2, repeat: 2, knock: 4, replay: 2 });
    if (what === 'forge') return this.#cluster.forge(host, this.#hello(host), IP);
    if (what === 'repeat') return this.#repeat(host);
    this.#knock(host, what === 'replay');
  }

  #hello(host: Host): Uint8Array {
    const { world } = this.#cluster;
    const now = world.now + host.clockMs;
    const who = [`${STRANGE}.sim`, IP, '7401', 'simulated', '66', String(now - 1000), String(now)];
    return encode('HELLO', [...who, `${STRANGE}${this.#random.u32()}${this.#random.u32()}`, '0'.repeat(100), NO_MAC]);
  }

  /** A datagram as it was heard, from where it came or from elsewhere. */
  #repeat(host: Host): void {
    const { overheard } = this.#cluster;
    if (overheard.length === 0) return;
    const { from, bytes } = this.#random.pick(overheard);
    const origin = this.#cluster.hosts[from] as Host;
    this.#cluster.forge(host, bytes, this.#random.chance(0.5) ? origin.ip : IP);
  }

  #knock(host: Host, replays: boolean): void {
    const { record, world } = this.#cluster;
    const end = this.#cluster.knock(host, `x${++this.#knocks}`, IP);
    if (end === undefined) return;
    const reader = new FrameReader(200_000);
    end.handlers = {
      data: (chunk) => {
        for (const { verb, args } of reader.read(chunk)) {
          record.toStrangers.push({ said: false, at: world.elapsed, order: record.next(), verb, args });
        }
      },
      drain: () => {},
      end: () => end.end(),
      close: () => {},
    };
    for (const bytes of replays ? this.#recorded(host) : this.#forged(host)) end.write(bytes, 0, bytes.length);
    world.after(this.#random.between(100, 7_000), () => end.terminate());
  }

  /** What somebody else said to that server in a handshake. */
  #recorded(host: Host): Uint8Array[] {
    const { record } = this.#cluster;
    const taps = record.links.filter(({ server, utterances }) => server !== host.index && utterances.length > 3);
    if (taps.length === 0) return [];
    const said = this.#random.pick(taps).utterances.filter((one) => one.said);
    return said.slice(0, 4).map(({ verb, args }) => encode(verb, args));
  }

  #forged(host: Host): Uint8Array[] {
    const now = this.#cluster.world.now + host.clockMs;
    const inc = String(now - 2_000);
    const nonce = `${STRANGE}${this.#random.u32()}x${this.#random.u32()}`;
    const intro = [`${STRANGE}.sim`, '0', '66', 'a stranger', IP, '7401', inc];
    const server = encode('SERVER', [...intro, '', '', '1', 'simulated', nonce, String(now)]);
    const facts = [
      encode('FACT', ['66', inc, '1', '1']),
      encode('SERVER', [...intro, String(host.index + 1), '', '1']),
      encode('FACT', ['66', inc, '2', '1']),
      encode('USER', [`66.${(now - 2_000) * 1_000 + 1}`, STRANGE, STRANGE, 'strange.host', 'A stranger', '1']),
    ];
    const auth = encode('AUTH', [NO_MAC]);
    return this.#random.pick([[server, auth, ...facts], [server, ...facts], facts, [auth, server, ...facts]]);
  }
}
