// What servers say to each other. C1: at one position of one origin there is one state, whoever tells its digest, and
// when all is quiet everybody is at the same positions. S2: before its peer has proved itself a server says who it is,
// that it proves itself to whom has proved itself first, or why it hangs up, and nothing else. FRAME: all of it is whole.

import type { LinkTap, Record, Utterance } from '../record.ts';
import type { Violation } from '../violation.ts';
import type { Checker } from './checker.ts';

/** Longer than from one vector to the next. */
const VECTOR_MS = 12_000;

export const links: Checker = {
  name: 'links',
  check(record) {
    const taps = new Map(record.links.map((tap) => [tap.name, tap]));
    return [
      ...record.links.flatMap((tap) => [...frames(tap), ...handshake(tap, taps.get(otherEnd(tap)))]),
      ...digests(record),
      ...ends(record),
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

function isListener({ name }: LinkTap): boolean {
  return name.endsWith("'");
}

function otherEnd(tap: LinkTap): string {
  return isListener(tap) ? tap.name.slice(0, -1) : `${tap.name}'`;
}

/** The listener proves itself second. */
function handshake(tap: LinkTap, other: LinkTap | undefined): Violation[] {
  const proved = other?.utterances.find(({ verb }) => verb === 'AUTH')?.order ?? Number.POSITIVE_INFINITY;
  for (const { verb, at, args, order } of tap.utterances) {
    if (order > proved) return [];
    if (verb === 'SERVER' && args[7] !== '') return [violation('S2', tap, at, 'tells its neighbours to who knocks')];
    const isFine =
      verb === 'SERVER' || verb === 'ERROR' || verb.startsWith('ERR_') || (verb === 'AUTH' && !isListener(tap));
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

/** The last vectors before the audit are one vector. */
function ends(record: Record): Violation[] {
  const { auditAt, servers } = record.facts;
  if (servers === 1 || auditAt === 0) return [];
  const last = new Map<number, { readonly at: number; readonly vector: string }>();
  for (const tap of record.links) {
    for (const { at, vector } of vectors(tap)) {
      if (at < auditAt && at >= (last.get(tap.server)?.at ?? 0)) last.set(tap.server, { at, vector });
    }
  }
  const found: Violation[] = [];
  const [first] = last.values();
  for (let server = 0; server < servers; server++) {
    const told = last.get(server);
    const fail = (what: string): void => {
      found.push({ invariant: 'C1', at: auditAt, what: `s${server + 1}: ${what}` });
    };
    if (told === undefined || told.at < auditAt - VECTOR_MS)
      fail('tells nobody what it knows, long after all is quiet');
    else if (told.vector !== first?.vector) fail(`knows ${told.vector}, and others ${first?.vector}`);
  }
  return found;
}

/** Each whole VECTOR that one server said on one link. */
function* vectors({ utterances }: LinkTap): Generator<{ readonly at: number; readonly vector: string }> {
  let left = 0;
  let entries: string[] = [];
  for (const utterance of utterances) {
    if (utterance.verb === 'VECTOR') {
      left = Number(utterance.args[0]);
      entries = [];
    } else if (left > 0 && utterance.verb === 'HAS') {
      entries.push(positionOf(utterance));
      if (--left === 0) yield { at: utterance.at, vector: entries.sort().join(', ') };
    }
  }
}

function positionOf({ args }: Utterance): string {
  return args.slice(0, 3).join(' ');
}
