// Planted bugs in the ordering over several servers: each is one change to a source, made as it is loaded, and has to
// be found by the named invariants within some seeds.

import { resolve } from 'node:path';

export interface Mutant {
  readonly name: string;
  /** Below src/order. */
  readonly file: string;
  /** Stands there exactly once. */
  readonly from: string;
  readonly to: string;
  /** What may find it. */
  readonly by: readonly string[];
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'a home that stood still decides at once',
    file: 'peer.ts',
    from: "    if (this.role === 'home' && this.leading?.isFollowed) {",
    to: '    if (this.isClosed && this.leading !== undefined) {',
    by: ['STALE'],
  },
  {
    name: 'numbers are used again in the next epoch',
    file: 'attempt.ts',
    from: 'for (const held of line) first = Math.max(first, held.last + 1, held.first);',
    to: 'for (const held of line) first = Math.max(first, held.first);',
    by: ['RISING', 'O2'],
  },
  {
    name: 'the shortest copy is taken',
    file: 'attempt.ts',
    from: 'return one.position > other.position;',
    to: 'return one.position < other.position;',
    by: ['O5', 'O2', 'O3', 'O6', 'O9', 'O11'],
  },
  {
    name: 'a successor forgets what was decided before it',
    file: 'leading.ts',
    from: '      earlier: line,\n',
    to: '',
    by: ['O6', 'O11'],
  },
  {
    name: 'followers note no ids',
    file: 'segment.ts',
    from: "    if (key === '' || this.ids.find(key)) return;",
    to: '    return;',
    by: ['O6', 'O11'],
  },
  {
    name: 'readers are told what is not committed',
    file: 'copy.ts',
    from: '    this.#commit(segment, committed, now);\n',
    to: '    this.#commit(segment, segment.position, now);\n',
    by: ['COMMIT', 'O3'],
  },
  {
    name: 'a home waits for no standby',
    file: 'replicated.ts',
    from: 'if (!this.#waits && this.#tickets.length === 0) {',
    to: 'if (this.#tickets.length === 0) {',
    by: ['O5'],
  },
  {
    name: 'a silent server is counted as an acknowledgement',
    file: 'leading.ts',
    from: '    this.#slow.set(standby, now + SLOW_MS);\n',
    to: '    this.#log.held(this.segment.position);\n',
    by: ['O5', 'O3', 'O2', 'O11', 'O6', 'COMMIT'],
  },
  {
    name: 'a standby that is lost is waited for',
    file: 'leading.ts',
    from: 'if (standby !== undefined && reachable.includes(standby) && !this.#isSlow(standby, now)) return;',
    to: 'if (standby !== undefined) return;',
    by: ['LIVE', 'O8', 'O9', 'O2', 'ANSWER'],
  },
  {
    name: 'sends are taken whatever is missing in front of them',
    file: 'leading.ts',
    from: "    if (before > seen) return this.#say(from, 'RESEND', this.segment.epoch);\n",
    to: '',
    by: ['O11'],
  },
  {
    name: 'the tails of a split are not spoken of',
    file: 'elections.ts',
    from: 'if (tails.length === 0) return [];',
    to: 'if (tails.length >= 0) return [];',
    by: ['O9', 'O5', 'O2', 'O6'],
  },
  {
    name: 'readers are not told of an epoch',
    file: 'copy.ts',
    from: '      if (this.isReady) this.#options.out.turn(segment.turn);\n',
    to: '',
    by: ['O7'],
  },
  {
    name: 'a resume leaves out the turns',
    file: 'line.ts',
    from: 'told: false }',
    to: 'told: true }',
    by: ['O10'],
  },
  {
    name: 'an old home is obeyed after a promise',
    file: 'allegiance.ts',
    from: 'return server === this.leader && !isNewer(this.promised, this.known);',
    to: 'return server === this.leader;',
    by: ['O1', 'O2', 'O3', 'O5', 'O6', 'O7', 'O9', 'O11', 'ERROR'],
  },
  {
    name: 'a copy that went further is cut off',
    file: 'copy.ts',
    from: 'return homeOf(current.epoch) === this.#options.self && current.committed <= closed;',
    to: 'return true;',
    by: ['RISING', 'O2', 'O3', 'O5', 'O6', 'O11'],
  },
  {
    name: 'what nobody answered is not sent again',
    file: 'peer.ts',
    from: 'if (this.asked !== undefined) this.sends.resend(this.asked, this.#now);',
    to: '',
    by: ['LIVE', 'O11', 'ANSWER'],
  },
];

/** The source of one mutant, patched. */
export function patched(mutant: Mutant, text: string): string {
  if (text.split(mutant.from).length !== 2) throw new Error(`${mutant.file} does not hold once: ${mutant.from}`);
  return text.replace(mutant.from, () => mutant.to);
}

export const pathOf = (mutant: Mutant): string => resolve(import.meta.dir, '../../../src/order', mutant.file);

/** The first seed that finds a mutant (or, without one, any bug), and the invariant that did: the program's output. */
export async function hunt(name: string, seeds: number): Promise<string> {
  const program = Bun.spawn(
    [
      process.execPath,
      '--preload',
      `${import.meta.dir}/mutate.ts`,
      `${import.meta.dir}/main.ts`,
      '1',
      `${seeds}`,
      'first',
    ],
    { env: { ...process.env, CHORUS_MUTANT: name }, stdout: 'pipe', stderr: 'inherit' },
  );
  const [output] = await Promise.all([new Response(program.stdout).text(), program.exited]);
  return output;
}
