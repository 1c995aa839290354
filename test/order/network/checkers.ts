// The checkers: what must hold of everything that servers told their readers and their senders. They see frames and
// outcomes alone, and share no code with what they check.

import { SENT, UNAVAILABLE, WAITING } from '../../../src/base/outcome.ts';
import { FrameWriter } from '../../../src/wire/writer.ts';
import type { Node, Sent, Stay, Told } from './node.ts';
import type { Surroundings } from './surroundings.ts';

/** A reservation ends within its life, the hold, and one fail-over. */
const RESERVED_MS = 5_000 + 3_000 + 12_000;

/** When to ask again for a slot that is decided and not committed. */
const ASK_AGAIN_MS = 100;
/** A home that stood still and sees nobody goes on by itself after this long. */
const STALE_MS = 5_000;

interface Promise_ {
  readonly sent: Sent;
  /** Servers that had it when it was promised count on one more. */
  readonly replicated: boolean;
  readonly home: number;
}

export class Checkers {
  readonly #world: Surroundings;
  /** (epoch, seq) → frame, over all servers and all time. */
  readonly #slots = new Map<string, string>();
  readonly #promises: Promise_[] = [];
  /** Slots that a home decided alone. */
  readonly #alone = new Map<string, number>();
  readonly #crashed: { node: number; at: number }[] = [];
  /** Server → when it lost one of the others last. */
  readonly #parted = new Map<number, number>();
  /** Text → the epoch in which it was told. */
  readonly #decidedIn = new Map<string, string>();
  /** Slots that their home told its readers of. */
  readonly #published = new Set<string>();
  readonly #stale = new Map<number, { epoch: string; since: number }>();
  readonly #lastEpoch = new Map<Stay, string>();
  readonly #texts = new Map<Stay, Set<string>>();

  constructor(world: Surroundings) {
    this.#world = world;
  }

  crashed(node: Node): void {
    this.#crashed.push({ node: node.index, at: this.#world.now });
    this.#parted.delete(node.index);
  }

  /** A server sees another one no more, which may be back. */
  parted(node: Node): void {
    this.#parted.set(node.index, this.#world.now);
  }

  /** A home published a slot of its own. */
  decided(node: Node, seq: number): void {
    const slot = `${node.order?.epoch}/${seq}`;
    const home = this.#world.nodes.find(
      ({ id, order }) => order?.epoch.endsWith(`.${id}`) && order.epoch === node.order?.epoch,
    );
    const { nodes } = this.#world;
    // Who succeeds a home decides what it left undecided.
    const isSucceeded = nodes.some(
      ({ order }) => order?.peer.role === 'electing' || isAfter(order?.epoch ?? '0.0', node.order?.epoch ?? '0.0'),
    );
    if (home === node || home === undefined) this.#published.add(slot);
    else if (!isSucceeded && home.order?.peer.role === 'home' && !this.#published.has(slot)) {
      this.#world.fail('COMMIT', `${node.index} tells ${slot}, which its home has not`);
    }
    const parted = this.#world.now - (this.#parted.get(node.index) ?? 0);
    if (home === node && node.order?.peer.role === 'home' && parted < this.#world.holdMs) {
      if (this.#world.reachable(node.index).length === 0)
        this.#world.fail('HOLD', `${node.index} decides ${slot} alone, ${parted} ms after it lost another server`);
      this.#world.count('decided beside one in its hold');
    }
    // One that succeeds a home has told nobody yet.
    if (node.order?.level === 'home' || node.order?.peer.role === 'electing') this.#alone.set(slot, node.index);
  }

  /** A server goes on after a pause, in which it may have been replaced. */
  woke(node: Node): void {
    // Clocks that differ do not tell when an epoch began.
    if (this.#world.skewMs > 0) return;
    const epoch = node.order?.epoch ?? '';
    const newer = this.#world.nodes.flatMap(({ order }) => (order && isAfter(order.epoch, epoch) ? [order.epoch] : []));
    // Epochs name the time of their beginning.
    const began = newer.map((one) => Number.parseInt(one.split('.')[0] as string, 36));
    const isReplaced = began.length > 0 && Math.min(...began) > node.pausedAt;
    if (isReplaced && epoch !== '') this.#stale.set(node.index, { epoch, since: this.#world.now });
    else this.#stale.delete(node.index);
  }

  /** Whether somebody within reach has a copy, and knows no newer epoch either: its word is all that a home waits for. */
  #hasWord(home: Node, epoch: string): boolean {
    const { nodes } = this.#world;
    const others = this.#world.reachable(home.index).map((server) => nodes[server - 1]?.order);
    return others.some((order) => order?.epoch === epoch && order.isReady);
  }

  promised(sent: Sent): void {
    this.#promises.push({ sent, replicated: true, home: 0 });
    this.#world.note(`promise ${sent.text} ${sent.epoch}/${sent.slot}`);
  }

  told(node: Node, told: Told): void {
    const world = this.#world;
    world.note(`  ${node.index} tells ${told.frame}`);
    const { stay } = node;
    if (told.verb === 'EPOCH') {
      world.count(told.args.length > 5 ? 'merge read' : 'epoch read');
      if (stay === undefined) return;
      const last = this.#lastEpoch.get(stay) ?? stay.epoch;
      const [, epoch = '', next = '', old = '', oldLast = ''] = told.args;
      const seqs = stay.told.filter(({ verb }) => verb === 'CMSG' || verb === 'SKIPSEQUENCE');
      const most = Math.max(0, ...seqs.map(({ args }) => Number(args[2])));
      if (Number(next) <= most) world.fail('RISING', `${node.index} read ${most}, and ${epoch} begins at ${next}`);
      const ended = Math.max(0, ...seqs.filter(({ args }) => args[1] === old).map(({ args }) => Number(args[2])));
      if (Number(oldLast) < ended) world.fail('O2', `${node.index} read ${old}/${ended}, which ended at ${oldLast}`);
      if (!isAfter(epoch, last)) world.fail('O7', `${node.index} went from ${last} to ${epoch}`);
      if (old !== last) world.fail('O7', `${node.index} was in ${last} and is told of the end of ${old}`);
      this.#lastEpoch.set(stay, epoch);
      return;
    }
    if (told.verb === 'RPL_LAGGED') {
      world.count('lagged');
      return;
    }
    const [, epoch = '', seq = ''] = told.args;
    const slot = `${epoch}/${seq}`;
    const before = this.#slots.get(slot);
    if (before !== undefined && before !== told.frame) world.fail('O1', `${slot}: ${before} and ${told.frame}`);
    this.#slots.set(slot, told.frame);
    if (told.verb === 'CMSG') this.#decidedIn.set(told.args[5] as string, epoch);
    const stale = this.#stale.get(node.index);
    if (
      stale?.epoch === epoch &&
      node.order?.peer.role === 'home' &&
      Number(told.args[4]) >= stale.since &&
      told.at < stale.since + STALE_MS &&
      !this.#hasWord(node, epoch)
    ) {
      world.fail('STALE', `${node.index} was replaced in its sleep, and decided ${slot}`);
    }
    if (stay === undefined) return;
    const current = this.#lastEpoch.get(stay) ?? stay.epoch;
    if (epoch !== current) world.fail('O7', `${node.index} reads ${current} and is told ${slot}`);
    const texts = this.#texts.get(stay) ?? new Set();
    this.#texts.set(stay, texts);
    const key = told.verb === 'CMSG' ? (told.args[5] as string) : '';
    // Where messages are forgotten at once, so are their ids by those who come late.
    if (key !== '' && texts.has(key) && !world.forgets) world.fail('O6', `${node.index} reads ${key} again at ${slot}`);
    texts.add(key);
    const same = (one: Told) => one.verb === 'CMSG' || one.verb === 'SKIPSEQUENCE';
    if (stay.told.filter((one) => same(one) && one.args[1] === epoch && one.args[2] === seq).length > 1) {
      world.fail('O4', `${node.index} is told ${slot} twice`);
    }
  }

  /** Somebody comes back at a random place of what it read before. */
  resume(node: Node): void {
    const { order, stay } = node;
    if (order === undefined || stay === undefined || stay.told.length === 0) return;
    const world = this.#world;
    const slots = stay.told.filter(({ verb }) => verb === 'CMSG' || verb === 'SKIPSEQUENCE');
    if (slots.length === 0) return;
    const from = world.random.pick(slots);
    const [, epoch = '', seq = ''] = from.args;
    const reader = order.resume(epoch as never, Number(seq));
    if (reader === undefined) return world.count('resume refused');
    world.count('resume');
    const frames = new FrameWriter();
    while (reader.next(frames));
    const read = new TextDecoder().decode(frames.bytes.subarray(0, frames.length)).split('\n').slice(0, -1);
    const index = stay.told.indexOf(from);
    // Everything above the position: of its epoch by number, and all that follows the epoch.
    const want = new Set<string>();
    stay.told.forEach((told, i) => {
      const isSlot = told.verb !== 'EPOCH' && told.verb !== 'RPL_LAGGED';
      if (told.args[1] === epoch && isSlot ? Number(told.args[2]) > Number(seq) : i > index && told.args[1] !== epoch) {
        want.add(told.frame);
      }
    });
    // What the room forgot is named, and then it may be missing.
    const lost = read.filter((frame) => frame.startsWith('<RPL_LAGGED,')).map((frame) => frame.slice(1, -1).split(','));
    const isLost = (frame: string) => {
      const [, , of, at] = frame.slice(1, -1).split(',');
      return lost.some(
        ([, , in_, first, last]) => in_ === of && Number(at) >= Number(first) && Number(at) <= Number(last),
      );
    };
    const got = new Set(read.filter((frame) => !frame.startsWith('<RPL_LAGGED,')));
    if (got.size + lost.length !== read.length)
      world.fail('O10', `${node.index} resumes ${epoch}/${seq} and reads something twice`);
    for (const frame of want)
      if (!got.has(frame) && !isLost(frame)) world.fail('O10', `resume of ${epoch}/${seq} lacks ${frame}`);
    for (const frame of got) if (!want.has(frame)) world.fail('O10', `resume of ${epoch}/${seq} makes up ${frame}`);
  }

  /** A home has given up a server: what members there had reserved is free again. */
  lost(home: Node, other: Node): void {
    const { order } = home;
    if (order?.peer.role !== 'home') return;
    for (const { seq, epoch } of other.granted) {
      const found = epoch === order.epoch ? order.find(epoch as never, seq, home.now) : undefined;
      if (found?.kind === 'pending' && found.ms > ASK_AGAIN_MS) {
        this.#world.fail('O8', `${epoch}/${seq} is kept for somebody at ${other.index}, which is lost`);
      }
    }
  }

  /** Some seconds after the heal. */
  healed(): void {
    const world = this.#world;
    const epochs = new Set(world.nodes.flatMap(({ order }) => (order?.isReady ? [order.epoch] : [])));
    if (world.nodes.every(({ order }) => order === undefined)) return world.count('nobody left');
    const late = world.nodes.filter(({ index, order }) => world.hasMembers(index) && order?.isReady !== true);
    if (late.length > 0) world.fail('O9', `not ready after the heal: ${late.map(({ index }) => index).join(', ')}`);
    const roles = world.nodes.map(({ order }) => `${order?.peer.role ?? '-'} ${order?.epoch ?? ''}`);
    if (epochs.size !== 1) world.fail('O9', `after the heal: ${roles.join(', ')}`);
    const homes = world.nodes.filter(({ order }) => order?.peer.role === 'home');
    if (homes.length !== 1) world.fail('O9', `homes after the heal: ${roles.join(', ')}`);
  }

  /** `last`: what was said when all was well again. */
  quiet(last: readonly (Sent | undefined)[]): void {
    this.#answered();
    for (const sent of last) {
      if (sent !== undefined && sent.outcome !== SENT) this.#world.fail('LIVE', `${sent.text} came to ${sent.outcome}`);
    }
    for (const stay of this.#world.stays) this.#gaps(stay);
    this.#equal();
    if (!this.#world.forgets) this.#kept();
    this.#reservations();
    if (!this.#world.forgets) for (const stay of this.#world.stays) this.#senders(stay);
  }

  #answered(): void {
    const repeated = new Set(this.#world.sends.filter(({ again }) => again).map(({ text }) => text));
    for (const sent of this.#world.sends) {
      const node = this.#world.nodes[sent.node] as Node;
      const lost = this.#crashed.some((one) => one.node === node.index && one.at >= sent.at);
      if (sent.outcome === WAITING && !lost) this.#world.fail('ANSWER', `${sent.text} of ${sent.node} has no answer`);
      // It stands for an unknown outcome, for another home may have been asked before. One that was asked alone knows.
      const refusedIn = sent.outcome === UNAVAILABLE && sent.answeredAt < sent.at + 19_000 ? sent.onlyEpoch : '';
      if (refusedIn !== '' && this.#decidedIn.get(sent.text) === refusedIn && !repeated.has(sent.text)) {
        this.#world.fail('ANSWER', `${sent.text} was refused in ${refusedIn}, and is told there`);
      }
      if (sent.outcome === SENT && sent.id === '') this.#world.count('sent without id');
    }
  }

  /** Within an epoch that a reader knows from its beginning there is no gap below what it was told, or it ended. */
  #gaps(stay: Stay): void {
    let epoch = stay.epoch;
    let next = stay.next;
    let has = new Set<number>();
    let lagged = 0;
    const node = this.#world.nodes[stay.node] as Node;
    for (const { verb, args } of stay.told) {
      if (verb === 'EPOCH') {
        [, epoch = ''] = args;
        next = Number(args[2]);
        has = new Set();
        lagged = 0;
      } else if (verb === 'RPL_LAGGED') {
        lagged = Math.max(lagged, Number(args[3]));
      } else {
        has.add(Number(args[2]));
      }
    }
    if (stay !== node.stay) return;
    const last = this.#world.nodes.find(({ order }) => order?.peer.role === 'home')?.order?.next ?? 1;
    if (node.order?.epoch !== epoch)
      this.#world.fail('O2', `${stay.node} reads ${epoch}, its server ${node.order?.epoch}`);
    for (let seq = next; seq < last; seq++) {
      if (!has.has(seq) && seq > lagged) this.#world.fail('O2', `${stay.node} never got ${epoch}/${seq}`);
    }
  }

  /** Two readers who read one epoch to the same end read the same. */
  #equal(): void {
    const ends = new Map<string, { stay: Stay; slots: Map<number, string>; from: number }>();
    for (const stay of this.#world.stays) {
      let epoch = stay.epoch;
      let from = stay.next;
      let slots = new Map<number, string>();
      let lagged = false;
      for (const told of stay.told) {
        if (told.verb === 'EPOCH') {
          const key = `${epoch} → ${told.args[1]}`;
          const other = ends.get(key);
          if (!lagged && other === undefined) ends.set(key, { stay, slots, from });
          else if (!lagged && other !== undefined) this.#same(key, stay, slots, from, other);
          [, epoch = ''] = told.args;
          from = Number(told.args[2]);
          slots = new Map();
          lagged = false;
        } else if (told.verb === 'RPL_LAGGED') {
          lagged = true;
        } else {
          slots.set(Number(told.args[2]), told.frame);
        }
      }
    }
  }

  #same(
    key: string,
    stay: Stay,
    slots: Map<number, string>,
    from: number,
    other: { stay: Stay; slots: Map<number, string>; from: number },
  ): void {
    const start = Math.max(from, other.from);
    for (const [one, two] of [
      [slots, other.slots],
      [other.slots, slots],
    ] as const) {
      for (const seq of one.keys()) {
        if (seq >= start && !two.has(seq)) {
          this.#world.fail('O3', `${key}: ${stay.node} and ${other.stay.node} differ at ${seq}`);
        }
      }
    }
  }

  /** What was promised is readable somewhere, unless one server had it alone and is gone. */
  #kept(): void {
    const { nodes } = this.#world;
    for (const { sent } of this.#promises) {
      const slot = `${sent.epoch}/${sent.slot}`;
      const alone = this.#alone.get(slot);
      if (alone !== undefined && this.#crashed.some(({ node }) => node === alone)) continue;
      const found = nodes.some(({ order }) => {
        const answer = order?.find(sent.epoch as never, sent.slot, this.#world.now);
        if (answer?.kind !== 'slot') return false;
        return new TextDecoder().decode(answer.bytes.subarray(answer.start, answer.end)).includes(`,${sent.text}`);
      });
      if (!found) this.#world.fail('O5', `${sent.text} was promised at ${slot} and is nowhere`);
    }
  }

  /** A number that was given out is filled or skipped in time, or its epoch ends. */
  #reservations(): void {
    for (const node of this.#world.nodes) {
      for (const { seq, epoch, at, stay } of node.granted) {
        if (stay === undefined || stay !== node.stay) continue;
        const end = stay.told.find((told) => {
          const [, of = '', from, to] = told.args;
          if (told.verb === 'EPOCH') return to === epoch || (told.at <= at && isAfter(of, epoch));
          if (told.verb === 'RPL_LAGGED') return of === epoch && seq >= Number(from) && seq <= Number(to);
          return of === epoch && Number(from) === seq;
        });
        if (end === undefined) this.#world.fail('O8', `${epoch}/${seq} never ended for ${node.index}`);
        // Nobody promises how long a server stands still.
        else if (end.at > at + RESERVED_MS + 30_000 + this.#world.pausedMs(at, end.at))
          this.#world.fail('O8', `${epoch}/${seq} ended after ${end.at - at} ms`);
      }
    }
  }

  /** What one sender said through one server comes in the order in which it was said. */
  #senders(stay: Stay): void {
    const place = new Map<string, number>();
    const told = stay.told.filter(({ verb }) => verb === 'CMSG');
    // By number within an epoch: that is the order in which people see it.
    const epochs = [...new Set(told.map(({ args }) => args[1]))];
    let at = 0;
    for (const epoch of epochs) {
      const slots = told.filter(({ args }) => args[1] === epoch).sort((a, b) => Number(a.args[2]) - Number(b.args[2]));
      for (const { args } of slots) if (!place.has(args[5] as string)) place.set(args[5] as string, at++);
    }
    const last = new Map<string, { text: string; at: number }>();
    const repeated = new Set(this.#world.sends.filter(({ again }) => again).map(({ text }) => text));
    for (const sent of this.#world.sends) {
      const found = place.get(sent.text);
      if (found === undefined || sent.seq !== 0 || repeated.has(sent.text) || sent.outcome === UNAVAILABLE) continue;
      const before = last.get(sent.holder);
      if (before !== undefined && before.at > found) {
        this.#world.fail(
          'O11',
          `${sent.holder} said ${before.text} before ${sent.text}; ${stay.node} reads them the other way`,
        );
      }
      last.set(sent.holder, { text: sent.text, at: found });
    }
  }
}

function isAfter(a: string, b: string): boolean {
  const [aMs = '', aId = ''] = a.split('.');
  const [bMs = '', bId = ''] = b.split('.');
  const [left, right] = [Number.parseInt(aMs, 36), Number.parseInt(bMs, 36)];
  return left > right || (left === right && Number(aId) > Number(bId));
}
