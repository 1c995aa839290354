// Planted bugs: each is one change to the server's source, made as it is loaded, and has to be found by some checker
// within some seeds. What finds none of them checks nothing.

import { resolve } from 'node:path';
import { type Mutant, runPlanted } from '../support/mutants.ts';

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'delivered before it is committed',
    file: 'order/pending.ts',
    from: 'if (this.#entries.first?.committed !== true) return undefined;',
    to: 'if (this.#entries.first === undefined) return undefined;',
    by: ['O2', 'O5', 'O8', 'FAULT', 'ANSWER'],
  },
  {
    name: 'ids are forgotten',
    file: 'order/home.ts',
    from: 'if (this.#ids.find(id)) {',
    to: "if (this.#ids.find(id) && id === '') {",
    by: ['O6'],
  },
  {
    name: 'an id counts whatever the text',
    file: 'order/home.ts',
    from: 'if (this.#ids.print !== print) return ID_REUSED;',
    to: '',
    by: ['O5'],
  },
  {
    name: 'a skip is not published',
    file: 'order/home.ts',
    from: 'this.#out.publish(this, SKIP, seq, encoded.bytes, 0, length);',
    to: '',
    by: ['O2'],
  },
  {
    name: 'a number is given to two',
    file: 'order/home.ts',
    from: 'const seq = ++this.#numbers.last;',
    to: 'const seq = this.#numbers.last + 1;',
    by: ['O1', 'O4', 'O8', 'FAULT'],
  },
  {
    name: 'anybody may fill a reservation',
    file: 'order/home.ts',
    from: 'return reservation !== undefined && reservation.seq === seq && now < reservation.deadline;',
    to: 'return reservation?.seq === seq || this.#reservations.at(seq) !== undefined;',
    by: ['O8', 'FAULT'],
  },
  {
    name: 'a reservation never ends',
    file: 'order/reservations.ts',
    from: 'return this.deadline <= now ? this.#held.shift() : undefined;',
    to: 'return this.deadline <= now - 1e9 ? this.#held.shift() : undefined;',
    by: ['O8', 'FAULT'],
  },
  {
    name: 'an answer to an append that failed decides a later one',
    file: 'order/pending.ts',
    from: 'this.#tickets.delete(entry.ticket);',
    to: '',
    by: ['O1', 'O2', 'O4', 'O5', 'O8', 'FAULT', 'ANSWER'],
  },
  {
    name: 'a refused append is dropped without its slot',
    file: 'order/home.ts',
    from: 'for (const entry of failed) this.#retries.add(entry.seq, now);',
    to: '',
    by: ['O2', 'O8'],
  },
  {
    name: 'resume begins one slot late',
    file: 'order/home.ts',
    from: 'return new CatchUpReader(this, last + 1, this.#numbers.last + 1, this.#published);',
    to: 'return new CatchUpReader(this, last + 2, this.#numbers.last + 1, this.#published);',
    by: ['O10', 'O2', 'CLIENT'],
  },
  {
    name: 'resume begins one slot early',
    file: 'order/home.ts',
    from: 'return new CatchUpReader(this, last + 1, this.#numbers.last + 1, this.#published);',
    to: 'return new CatchUpReader(this, Math.max(last, this.floor), this.#numbers.last + 1, this.#published);',
    by: ['O10', 'O6'],
  },
  {
    name: 'always recovered',
    file: 'chat/membership.ts',
    from: "epoch === '' ? '' : missed === undefined ? 0 : 1",
    to: "epoch === '' ? '' : 1",
    by: ['O10'],
  },
  {
    name: 'what is decided above a pending slot is not told to who joins',
    file: 'chat/membership.ts',
    from: 'missed ?? order.ahead()',
    to: 'missed',
    by: ['O2'],
  },
  {
    name: 'a torn frame is not finished',
    file: 'fanout/outbox.ts',
    from: 'this.#front = ring.tape.buffer.slice(cursor - ring.tape.base, end - ring.tape.base);',
    to: '',
    by: ['FRAME'],
  },
  {
    name: 'replies overtake rooms',
    file: 'fanout/outbox.ts',
    from: 'this.#own.append(bytes, start, end, this.#shared.stamps.last);',
    to: 'this.#own.append(bytes, start, end, 0);',
    by: ['ORDER', 'ANSWER', 'FAULT', 'O6', 'O10'],
  },
  {
    name: 'a rings newest entries are not flushed',
    file: 'node/flusher.ts',
    from: 'for (let i = readers.length - 1; i >= 0; i--)',
    to: 'for (let i = readers.length - 1; i > 0; i--)',
    by: ['O2', 'O8', 'ORDER', 'ANSWER', 'FAULT'],
  },
  {
    name: 'a user quits once a room',
    file: 'chat/presence.ts',
    from: 'if (member.mark === round) return;',
    to: '',
    by: ['C4'],
  },
  {
    name: 'who is lost does not quit',
    file: 'chat/departure.ts',
    from: '  tellPeers(context, user, frames);\n',
    to: '',
    by: ['C4'],
  },
  {
    name: 'a nickname is given to two',
    file: 'chat/registration.ts',
    from: 'if (owner !== undefined && owner !== before) {',
    to: 'if (owner !== undefined && owner !== before && now === 0) {',
    by: ['C3', 'FAULT'],
  },
  {
    name: 'a command that waited is forgotten',
    file: 'chat/chat.ts',
    from: 'if (frame !== undefined) this.#obey(session, frame, now);',
    to: 'if (frame !== undefined) this.#resume(session);',
    by: ['ANSWER'],
  },
  {
    name: 'output is not bounded',
    file: 'node/node.ts',
    from: "if (connection.outbox.held > limit) return this.#abandon(connection, 'Output limit exceeded');",
    to: '',
    by: ['S1'],
  },
  {
    name: 'a connection that closed keeps its slot',
    file: 'node/connections.ts',
    from: '    this.#count--;\n',
    to: '',
    by: ['S1'],
  },
  {
    name: 'an epoch below the one before',
    file: 'node/rooms.ts',
    from: 'epochOf(this.#newest, this.config.server.id)',
    to: 'epochOf(4e12 - this.#newest, this.config.server.id)',
    by: ['O7'],
  },
];

const MAIN = resolve(import.meta.dir, 'main.ts');
const PRELOAD = resolve(import.meta.dir, 'mutate.ts');
const SEEDS = 200;

interface Report {
  readonly seed?: number;
  readonly violations: readonly { readonly invariant: string; readonly what: string }[];
}

/** Runs seeds with one bug planted; the report of the first seed that fails, or why there is none. */
export async function runMutant({ name }: Mutant, seeds = SEEDS): Promise<Report | string> {
  const { out, error } = await runPlanted(name, PRELOAD, MAIN, ['--seeds', String(seeds), '--json']);
  const last = out.trim().split('\n').at(-1) ?? '';
  return last.startsWith('{') ? (JSON.parse(last) as Report) : `no report: ${error.slice(0, 500)}`;
}

/** Whether a report shows that the bug was found, by what should find it. */
export function isFound(mutant: Mutant, report: Report | string): boolean {
  return typeof report !== 'string' && report.violations.some(({ invariant }) => mutant.by.includes(invariant));
}

/** Runs every mutant and says what found it. Returns whether all were found. */
export async function runMutants(): Promise<boolean> {
  let missed = 0;
  for (const mutant of MUTANTS) {
    const report = await runMutant(mutant);
    const found = isFound(mutant, report);
    if (!found) missed++;
    console.log(`${found ? 'found' : 'MISSED'}  ${mutant.name.padEnd(62)} ${describe(report)}`);
  }
  console.log(`\n${MUTANTS.length} mutants, ${missed} missed`);
  return missed === 0;
}

function describe(report: Report | string): string {
  if (typeof report === 'string') return report;
  const invariants = [...new Set(report.violations.map(({ invariant }) => invariant))].sort();
  return invariants.length === 0 ? 'by nothing' : `by ${invariants.join(' ')}, seed ${report.seed}`;
}
