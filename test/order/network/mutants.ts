// Planted bugs in the ordering over several servers: each has to be found by the named invariants within some seeds of
// the small network. `bun test/order/network/mutants.ts [text in names]` says what finds each, and at which seed.

import { resolve } from 'node:path';
import { type Mutant, runPlanted } from '../../support/mutants.ts';

export interface NetworkMutant extends Mutant {
  /** Settings of the worlds in which it is looked for. */
  readonly settings?: readonly string[];
}

export const MUTANTS: readonly NetworkMutant[] = [
  {
    name: 'a home that stood still decides at once',
    file: 'order/peer.ts',
    from: "    if (this.role === 'home' && this.leading?.isFollowed) {",
    to: '    if (this.isClosed && this.leading !== undefined) {',
    by: ['STALE'],
  },
  {
    name: 'numbers are used again in the next epoch',
    file: 'order/attempt.ts',
    from: 'for (const held of line) first = Math.max(first, held.last + 1, held.first);',
    to: 'for (const held of line) first = Math.max(first, held.first);',
    by: ['RISING', 'O2'],
  },
  {
    name: 'the shortest copy is taken',
    file: 'order/attempt.ts',
    from: 'return one.position > other.position;',
    to: 'return one.position < other.position;',
    by: ['O5', 'O2', 'O3', 'O6', 'O9', 'O11'],
  },
  {
    name: 'a successor forgets what was decided before it',
    file: 'order/leading.ts',
    from: '      earlier: line,\n',
    to: '',
    by: ['O6', 'O11'],
  },
  {
    name: 'followers note no ids',
    file: 'order/segment.ts',
    from: "    if (id === '' || this.ids.find(id)) return;",
    to: '    return;',
    by: ['O6', 'O11'],
  },
  {
    name: 'followers note no references',
    file: 'order/segment.ts',
    from: 'this.ids.addReferences(server, references.numberAt(position + from), seq, i - from, now);',
    to: '',
    by: ['O6', 'O11'],
  },
  {
    name: 'readers are told what is not committed',
    file: 'order/copy.ts',
    from: '    this.#commit(segment, committed, now);\n',
    to: '    this.#commit(segment, segment.position, now);\n',
    by: ['COMMIT', 'O3'],
  },
  {
    name: 'a home waits for no standby',
    file: 'order/replicated.ts',
    from: 'const isAlone = !this.#waits && this.waiting === 0;',
    to: 'const isAlone = this.waiting === 0;',
    by: ['O5', 'HOLD'],
  },
  {
    name: 'a silent server is counted as an acknowledgement',
    file: 'order/leading.ts',
    from: '    this.#slow.set(standby, now + SLOW_MS);\n',
    to: '    this.#log.held(this.segment.position);\n',
    by: ['O5', 'O3', 'O2', 'O11', 'O6', 'COMMIT'],
  },
  {
    name: 'a standby that is lost is waited for',
    file: 'order/leading.ts',
    from: '    if (this.standby === server) this.standby = undefined;\n    if (this.isHeld) return;\n',
    to: '    if (this.standby === server || this.isHeld) return;\n',
    by: ['LIVE', 'O8', 'O9', 'O2', 'ANSWER'],
  },
  {
    name: 'a home that reaches nobody waits for nobody',
    file: 'order/leading.ts',
    from: 'return this.standby !== undefined || this.#options.out.awaited().length > 0;',
    to: 'return this.standby !== undefined;',
    by: ['HOLD'],
  },
  {
    name: 'a home that reaches nobody waits for ever',
    file: 'order/leading.ts',
    from: 'return this.standby !== undefined || this.#options.out.awaited().length > 0;',
    to: 'return true;',
    by: ['LIVE', 'O8', 'O9', 'O2', 'ANSWER'],
  },
  {
    name: 'sends are taken whatever is missing in front of them',
    file: 'order/leading.ts',
    from: '    if (before > sender.seen) return this.#askAgain(from);\n',
    to: '',
    by: ['O11'],
  },
  {
    name: 'the tails of a split are not spoken of',
    file: 'order/elections.ts',
    from: 'if (tails.length === 0) return [];',
    to: 'if (tails.length >= 0) return [];',
    by: ['O9', 'O5', 'O2', 'O6'],
  },
  {
    name: 'readers are not told of an epoch',
    file: 'order/copy.ts',
    from: '      if (this.isReady) this.#options.out.turn(segment.turn);\n',
    to: '',
    by: ['O7'],
  },
  {
    name: 'a resume leaves out the turns',
    file: 'order/line.ts',
    from: 'told: false }',
    to: 'told: true }',
    by: ['O10'],
  },
  {
    name: 'an old home is obeyed after a promise',
    file: 'order/allegiance.ts',
    from: 'return server === this.leader && !isNewer(this.promised, this.known);',
    to: 'return server === this.leader;',
    by: ['O1', 'O2', 'O3', 'O5', 'O6', 'O7', 'O9', 'O11', 'ERROR'],
  },
  {
    name: 'a copy that went further is cut off',
    file: 'order/copy.ts',
    from: 'return current.heldBy(this.#options.self) <= closed;',
    to: 'return true;',
    by: ['RISING', 'O2', 'O3', 'O5', 'O6', 'O11'],
  },
  {
    name: 'what nobody answered is not sent again',
    file: 'order/peer.ts',
    from: 'if (this.asked !== undefined) this.sends.resend(this.asked, this.#now);',
    to: '',
    by: ['LIVE', 'O11', 'ANSWER'],
  },
  {
    name: 'an epoch is used again',
    file: 'order/epochs.ts',
    from: 'return epoch(Math.max(atLeast, before + 1), server);',
    to: 'return epoch(before === 0 ? atLeast : before, server);',
    by: ['O7', 'O1'],
  },
  {
    name: 'a successor closes the old epoch at what it told',
    file: 'order/elections.ts',
    from: 'oldPosition: tip?.position ?? 0,',
    to: 'oldPosition: tip?.committed ?? 0,',
    by: ['O9', 'O5', 'O2'],
  },
  {
    name: 'a reservation outlives the server of its holder',
    file: 'order/leading.ts',
    from: '    if (isGone) this.home.releaseAll((holder) => serverOf(holder) === server, now);\n',
    to: '',
    by: ['O8'],
  },
  {
    name: 'what is sent again comes in reverse',
    file: 'order/member-sends.ts',
    from: '    for (const send of this.#sends.all()) {\n      this.forward(',
    to: '    for (const send of this.#sends.all().reverse()) {\n      this.forward(',
    by: ['O11'],
  },
  {
    name: 'a new home decides what waits here in reverse',
    file: 'order/member-sends.ts',
    from: '    for (const send of this.#sends.all()) {\n      const { texts }',
    to: '    for (const send of this.#sends.all().reverse()) {\n      const { texts }',
    by: ['O11'],
  },
  {
    name: 'references of messages without ids do not travel',
    file: 'order/followers.ts',
    from: '    for (let position = after; position < last; ) position = references.write(position + 1, last, frames);\n',
    to: "    if (last > after) frames.arg('*'.concat(String(last - after)));\n",
    by: ['O6', 'O11'],
  },
  {
    name: 'an id of a message from elsewhere is lost',
    file: 'order/leading.ts',
    from: 'frame.bytes, start, end, seq, id);\n      if',
    to: "frame.bytes, start, end, seq, '');\n      if",
    by: ['O6'],
  },
  {
    name: 'entries go where they fit',
    file: 'order/incoming.ts',
    from: 'if (position !== segment.position + taken.count + 1 || seq < 1) return;',
    to: 'if (position < 1 || seq < 1) return;',
    by: ['ERROR', 'O1', 'O2', 'O3'],
  },
  {
    name: 'an epoch begins behind a copy that is not complete',
    file: 'order/copy.ts',
    from: 'if (closed === undefined || current.position < closed) return false;',
    to: 'if (closed === undefined || current.position < closed) return closed !== undefined;',
    by: ['O2', 'O3', 'O5', 'O6'],
  },
  {
    name: 'an epoch that does not fit is taken all the same',
    file: 'order/copy.ts',
    from: '    if (!fits) return this.ask(now);\n',
    to: '',
    by: ['RISING', 'O2', 'O3', 'O7'],
  },
  {
    name: 'a home that slept goes on when it meets nobody',
    file: 'order/elections.ts',
    from: 'const ALONE_MS = 5_000;',
    to: 'const ALONE_MS = 5;',
    by: ['STALE'],
  },
  {
    name: 'what is not decided may be forgotten',
    file: 'order/segment.ts',
    from: '    this.#log.keepFrom = this.committed + 1 - this.#base;\n',
    to: '',
    by: ['O2', 'O3'],
    settings: ['slots=8'],
  },
  {
    name: 'what a home forgot is passed over in silence',
    file: 'order/copy.ts',
    from: 'if (segment === current && this.isReady && floor > next) this.#tellLagged(',
    to: 'if (segment === current && !this.isReady && floor > next) this.#tellLagged(',
    by: ['O2', 'O3'],
    settings: ['slots=8'],
  },
  {
    name: 'nothing that was asked for is answered after 20 s',
    file: 'order/member-sends.ts',
    from: 'this.#out.settled(late.asker, UNAVAILABLE, epoch, late.seq, late.id, late.deadline - UNKNOWN_MS);',
    to: '',
    by: ['ANSWER'],
  },
  {
    name: 'nobody succeeds a home',
    file: 'order/peer.ts',
    from: "if (this.#succeedAt <= now) this.#elect('fail-over');",
    to: '',
    by: ['ERROR', 'O9', 'LIVE'],
  },
  {
    name: 'two lines that went apart stay so',
    file: 'order/peer.ts',
    from: "    if (this.#now >= this.#mergeAt) this.#elect('merge');\n",
    to: '',
    by: ['O9'],
  },
];

const MAIN = resolve(import.meta.dir, 'main.ts');
const PRELOAD = resolve(import.meta.dir, 'mutate.ts');
const SEEDS = 2_000;

/** What finds a mutant, and at which seed: `O1 at 17`; or why nothing does. */
export async function hunt({ name, settings = [] }: NetworkMutant, seeds = SEEDS): Promise<string> {
  const { out, error } = await runPlanted(name, PRELOAD, MAIN, ['1', `${seeds}`, 'first', ...settings]);
  const found = /^seed (\d+): (\w+):/m.exec(out);
  return found === null ? `nothing: ${error.slice(0, 500)}` : `${found[2]} at ${found[1]}`;
}

export function isFound({ by }: Mutant, verdict: string): boolean {
  return by.includes(verdict.split(' ')[0] as string);
}

if (import.meta.main) {
  let missed = 0;
  for (const mutant of MUTANTS.filter(({ name }) => name.includes(process.argv[2] ?? ''))) {
    const verdict = await hunt(mutant);
    if (!isFound(mutant, verdict)) missed++;
    console.log(`${isFound(mutant, verdict) ? 'found ' : 'MISSED'}  ${mutant.name.padEnd(64)} by ${verdict}`);
  }
  console.log(`\n${missed} missed`);
  process.exitCode = missed === 0 ? 0 : 1;
}
