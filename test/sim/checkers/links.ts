// What servers say to each other. C1: at one position of one origin there is one state, whoever tells its digest, and
// when all is quiet everybody is at the same positions. S2: before its peer has proved itself a server says who it is,
// that it proves itself to whom has proved itself first, or why it hangs up, and nothing else. FRAME: all of it is whole.
// LINK: a link is sent away as a double for the sake of another one between the same two lives alone.

import type { LinkTap, Record } from '../record.ts';
import type { Violation } from '../violation.ts';
import type { Checker } from './checker.ts';

/** Longer than from one vector to the next. */
const VECTOR_MS = 12_000;

export const links: Checker = {
  name: 'links',
  check(record) {
    return [
      ...record.links.flatMap((tap) => [...frames(tap), ...handshake(tap, tap.otherEnd)]),
      ...digests(record),
      ...ends(record),
      ...doubles(record),
    ];
  },
};

/** Connections of strangers are called so. */
export function isStrange({ name }: LinkTap): boolean {
  return name.startsWith('x');
}

function violation(invariant: string, tap: LinkTap, at: number, what: string): Violation {
  return { invariant, at, what: `s${tap.server + 1} on ${tap.name}: ${what}` };
}

function frames(tap: LinkTap): Violation[] {
  return tap.faults.map((fault) => violation('FRAME', tap, tap.utterances[0]?.at ?? 0, fault));
}

/** The listener proves itself second. */
function handshake(tap: LinkTap, other: LinkTap | undefined): Violation[] {
  const proved = other?.utterances.find(({ verb }) => verb === 'AUTH')?.order ?? Number.POSITIVE_INFINITY;
  for (const { verb, at, args, order } of tap.utterances) {
    if (order > proved) return [];
    if (verb === 'SERVER' && args[7] !== '') return [violation('S2', tap, at, 'tells its neighbours to who knocks')];
    const isFine =
      verb === 'SERVER' || verb === 'ERROR' || verb.startsWith('ERR_') || (verb === 'AUTH' && !tap.isListener);
    if (!isFine) return [violation('S2', tap, at, `says ${verb} to who has proved nothing`)];
  }
  return [];
}

function digests(record: Record): Violation[] {
  const found: Violation[] = [];
  const known = new Map<string, { readonly digest: string; readonly tap: LinkTap }>();
  for (const tap of record.links) {
    for (const { verb, args, at } of tap.utterances) {
      if (verb !== 'HAS' || args.length < 4) continue;
      const [origin = '', incarnation = '', n = '', digest = ''] = args;
      const position = `${origin} ${incarnation} ${n}`;
      const before = known.get(position);
      if (before === undefined) known.set(position, { digest, tap });
      else if (before.digest !== digest) {
        const what = `the state of ${position} is ${digest}, and ${before.digest} for s${before.tap.server + 1}`;
        found.push(violation('C1', tap, at, what));
      }
    }
  }
  return found;
}

/**
 * The last vectors before the audit are one vector. Who said much at once is obeyed for long after the storm, so that a
 * fact may be new then: a vector tells of it when the fact has had its time to get there, and not before.
 */
function ends(record: Record): Violation[] {
  const { auditAt, servers, floodMs } = record.facts;
  if (servers === 1 || auditAt === 0) return [];
  const last = new Map<number, Told>();
  for (const tap of record.links) {
    for (const told of vectors(tap)) {
      if (told.at < auditAt && told.at >= (last.get(tap.server)?.at ?? 0)) last.set(tap.server, told);
    }
  }
  const found: Violation[] = [];
  const due = latestOf([...last.values()]);
  const saidAt = originatedAt(record);
  for (let server = 0; server < servers; server++) {
    const told = last.get(server);
    const fail = (what: string): void => {
      found.push({ invariant: 'C1', at: auditAt, what: `s${server + 1}: ${what}` });
    };
    if (told === undefined || told.at < auditAt - VECTOR_MS) {
      fail('tells nobody what it knows, long after all is quiet');
      continue;
    }
    for (const [origin, position] of due) {
      const is = told.entries.get(origin);
      const knownBy = (saidAt.get(`${origin} ${position}`) ?? 0) + floodMs;
      if (is !== position && knownBy <= told.at) fail(`knows ${origin} up to ${is}, and others ${position}`);
    }
  }
  return found;
}

/** Origin → the farthest of its positions in any of the vectors. */
function latestOf(all: readonly Told[]): Map<string, string> {
  const latest = new Map<string, string>();
  for (const { entries } of all) {
    for (const [origin, position] of entries) {
      if (isFarther(position, latest.get(origin) ?? '0 0')) latest.set(origin, position);
    }
  }
  return latest;
}

function isFarther(a: string, b: string): boolean {
  const [left, right] = [a.split(' ').map(Number), b.split(' ').map(Number)] as [number[], number[]];
  const [life = 0, n = 0] = left;
  const [otherLife = 0, other = 0] = right;
  return life === otherLife ? n > other : life > otherLife;
}

/** `origin incarnation n` → when its origin said that fact first. */
function originatedAt(record: Record): Map<string, number> {
  const saidAt = new Map<string, number>();
  for (const { server, utterances } of record.links) {
    for (const { verb, args, at } of utterances) {
      if (verb !== 'FACT' || args[0] !== String(server + 1)) continue;
      const position = args.slice(0, 3).join(' ');
      saidAt.set(position, Math.min(at, saidAt.get(position) ?? at));
    }
  }
  return saidAt;
}

const DOUBLE = 'There is another link between us';

/** A new life of a server is no double of the one before: its link takes the place of the ghost's. */
function doubles(record: Record): Violation[] {
  const found: Violation[] = [];
  for (const tap of record.links) {
    const peer = tap.otherEnd?.life;
    const said = tap.utterances.find(({ verb, args }) => verb === 'ERROR' && args[0] === DOUBLE);
    if (said === undefined || peer === undefined) continue;
    const isDouble = record.links.some((one) => {
      const other = one.otherEnd;
      const isPair = one !== tap && one !== tap.otherEnd && one.life === tap.life && other?.life === peer;
      // Its own proof may be written after what it says here: both are of one batch.
      return isPair && other.utterances.some(({ verb, order }) => verb === 'AUTH' && order < said.order);
    });
    if (isDouble) continue;
    const what = `sends life ${peer.incarnation} of s${peer.server + 1} away as a double, and has no other link with it`;
    found.push(violation('LINK', tap, said.at, what));
  }
  return found;
}

/** What one VECTOR says: origin → `incarnation n`. */
interface Told {
  readonly at: number;
  readonly entries: ReadonlyMap<string, string>;
}

/** Each whole VECTOR that one server said on one link. */
function* vectors({ utterances }: LinkTap): Generator<Told> {
  let left = 0;
  let entries = new Map<string, string>();
  for (const { verb, args, at } of utterances) {
    if (verb === 'VECTOR') {
      left = Number(args[0]);
      entries = new Map();
    } else if (left > 0 && verb === 'HAS') {
      entries.set(args[0] ?? '', `${args[1]} ${args[2]}`);
      if (--left === 0) yield { at, entries };
    }
  }
}
