// What a server must know to be lost, by the simulator's own account of the network: when each connection between two
// servers was open at both ends, which wires were cut, who lived and who stood still. No word of a server counts here,
// but that it once said it knew all that the other one had told it.
//
//   links of a server and of all whom it has to do with
//   ──change──┬───────────── nothing changes, nothing stands in the way ─────────────┬──change──
//             └── hold ── until all know ──┬── a life that none of them is linked to ─┘
//                                          └── is known by nobody here any more
//
// It says nothing of times in which anything among them changes, is cut or stands still, and nothing of servers that
// never heard each other whole: those may be waited for longer.

import type { Life, LinkTap, Record } from '../record.ts';

/** The life `by` has been cut off from the life `lost` for so long, from `from` on, that it lists nobody of it. */
export interface Severance {
  readonly by: Life;
  readonly lost: Life;
  readonly from: number;
  readonly until: number;
}

/** Nothing but a timer's lateness and one write stands between a server and its clients. */
const ALONE_MS = 500;

/** A time in which a server's whole neighbourhood stayed as it was. */
interface Calm {
  readonly life: Life;
  /** Servers that it is linked with over any number of links, itself too. */
  readonly near: ReadonlySet<number>;
  readonly from: number;
  until: number;
}

const known = new WeakMap<Record, readonly Severance[]>();

export function severancesOf(record: Record): readonly Severance[] {
  const before = known.get(record);
  if (before !== undefined) return before;
  const { facts, lives } = record;
  const synced = syncedOf(record);
  const found: Severance[] = [];
  for (const { life, near, from, until } of calmsOf(record)) {
    const knownBy = from + facts.holdMs + (near.size === 1 ? ALONE_MS : facts.floodMs);
    if (knownBy >= until) continue;
    for (const lost of lives) {
      if (lost === life || lost.server === life.server || lost.from >= from) continue;
      const isNear = near.has(lost.server) && lost.until > from;
      const heardAt = synced.get(life)?.get(lost) ?? Number.POSITIVE_INFINITY;
      if (!isNear && heardAt < from) found.push({ by: life, lost, from: knownBy, until });
    }
  }
  known.set(record, found);
  return found;
}

/** The life that a uid belongs to: a server counts its users on from its incarnation, a thousand to each ms. */
export function lifeOf(record: Record, uid: string): Life | undefined {
  const [server, count] = uid.split('.').map(Number) as [number, number];
  const own = record.lives.filter((life) => life.server === server - 1 && life.incarnation * 1_000 <= count);
  return own.reduce<Life | undefined>((last, life) => {
    return last === undefined || life.incarnation > last.incarnation ? life : last;
  }, undefined);
}

/** Life → the lives that it said to know all of, over a link with them, and when it said so first. */
function syncedOf({ links }: Record): Map<Life, Map<Life, number>> {
  const synced = new Map<Life, Map<Life, number>>();
  for (const tap of links) {
    const other = tap.otherEnd;
    const said = tap.utterances.find(({ verb }) => verb === 'SYNCED');
    if (other === undefined || said === undefined) continue;
    const by = synced.get(tap.life) ?? new Map<Life, number>();
    synced.set(tap.life, by);
    by.set(other.life, Math.min(by.get(other.life) ?? Number.POSITIVE_INFINITY, said.at));
  }
  return synced;
}

/** A connection between two servers: its ends as far as they have come about. */
interface Connection {
  readonly pair: readonly [number, number];
  readonly taps: LinkTap[];
}

function connectionsOf({ links }: Record): Connection[] {
  const connections = new Map<string, Connection>();
  for (const tap of links) {
    const name = tap.name.replace(/'$/, '');
    const [a, b] = name
      .slice(name.indexOf('.') + 1)
      .split('-')
      .map(Number);
    if (a === undefined || b === undefined) continue;
    const connection = connections.get(name) ?? { pair: [a, b] as const, taps: [] };
    connections.set(name, connection);
    connection.taps.push(tap);
  }
  return [...connections.values()];
}

function calmsOf(record: Record): Calm[] {
  const connections = connectionsOf(record);
  const found: Calm[] = [];
  const open = new Map<number, Calm & { readonly sign: string }>();
  for (const at of changesOf(record)) {
    for (let server = 0; server < record.facts.servers; server++) {
      const here = neighbourhood(record, connections, server, at);
      const last = open.get(server);
      if (last !== undefined && last.sign === here?.sign && last.life === here.life) continue;
      if (last !== undefined) found.push({ ...last, until: at });
      if (here === undefined) open.delete(server);
      else open.set(server, { ...here, from: at, until: at });
    }
  }
  // Whatever comes after the last change stays so to the end.
  for (const last of open.values()) found.push({ ...last, until: Number.POSITIVE_INFINITY });
  return found;
}

/** All times at which something begins or is over; and the ms behind each, so that what is short is a stretch, too. */
function changesOf({ links, lives, halts, cuts }: Record): number[] {
  const spans = [
    ...lives,
    ...halts,
    ...cuts,
    ...links.map(({ openedAt, closedAt }) => ({ from: openedAt, until: closedAt })),
  ];
  const times = new Set<number>();
  for (const { from, until } of spans) for (const at of [from, from + 1, until, until + 1]) times.add(at);
  times.delete(Number.POSITIVE_INFINITY);
  return [...times].sort((a, b) => a - b);
}

/** Whom a server is linked with at a time; undefined while anything among them is not as it should be. */
function neighbourhood(
  record: Record,
  connections: readonly Connection[],
  server: number,
  at: number,
): { readonly life: Life; readonly near: ReadonlySet<number>; readonly sign: string } | undefined {
  const life = livesAt(record, server, at);
  if (life === undefined) return undefined;
  const now = connections.filter(({ taps }) => taps.some((tap) => isOpen(tap, at)));
  const near = new Set([server]);
  const used: string[] = [];
  for (const one of near) {
    if (livesAt(record, one, at) === undefined || isHalted(record, one, at)) return undefined;
    for (const { pair, taps } of now) {
      if (!pair.includes(one)) continue;
      if (taps.length < 2 || !taps.every((tap) => isOpen(tap, at)) || isCut(record, pair, at)) return undefined;
      for (const next of pair) near.add(next);
      used.push((taps[0] as LinkTap).name);
    }
  }
  return { life, near, sign: [...near, ...used].sort().join() };
}

function livesAt({ lives }: Record, server: number, at: number): Life | undefined {
  return lives.find((life) => life.server === server && life.from <= at && at < life.until);
}

function isOpen({ openedAt, closedAt }: LinkTap, at: number): boolean {
  return openedAt <= at && at <= closedAt;
}

function isHalted({ halts }: Record, server: number, at: number): boolean {
  return halts.some((halt) => halt.server === server && halt.from <= at && at <= halt.until);
}

function isCut({ cuts }: Record, [a, b]: readonly [number, number], at: number): boolean {
  return cuts.some(({ from, until, pairs }) => {
    return from <= at && at <= until && (pairs.includes(`${a}-${b}`) || pairs.includes(`${b}-${a}`));
  });
}
