// Looks at every course that small worlds may take: `bun test/order/network/explore.ts [text in names]`. It goes through
// the choices depth first, begins again from the start for every branch, and goes no further from a state that it has
// seen. The checkers look at every state; whatever breaks one is printed with the choices that lead there.

import { type SmallOptions, SmallWorld } from './small-world.ts';

export interface Found {
  readonly states: number;
  /** Courses that came to their end. */
  readonly ends: number;
  /** What broke, and by which choices; '' for nothing. */
  readonly broken: string;
}

/** Looks at everything, or at `most` states. */
export function explore(options: SmallOptions, most = Number.POSITIVE_INFINITY): Found {
  const seen = new Set<string>();
  const open: string[][] = [[]];
  let ends = 0;
  for (let path = open.pop(); path !== undefined && seen.size < most; path = open.pop()) {
    try {
      const world = new SmallWorld(options);
      for (const choice of path) world.choose(choice);
      for (;;) {
        const key = world.key();
        if (seen.has(key)) break;
        seen.add(key);
        const [first, ...others] = world.choices();
        if (first === undefined) {
          world.end();
          ends++;
          break;
        }
        for (const other of others) open.push([...path, other]);
        path.push(first);
        world.choose(first);
      }
    } catch (error) {
      return { states: seen.size, ends, broken: `${String(error)}\n  ${path.join(', ')}` };
    }
  }
  return { states: seen.size, ends, broken: '' };
}

/** What may go wrong with three servers of which the first is the home and the second its standby. */
export const SMALL_WORLDS: readonly (SmallOptions & { readonly name: string })[] = [
  { name: 'nothing goes wrong', trouble: { kind: 'none' }, speakers: [1, 2] },
  { name: 'the home crashes', trouble: { kind: 'crash', server: 0 }, speakers: [1, 2] },
  { name: 'the home crashes while one server speaks twice', trouble: { kind: 'crash', server: 0 }, speakers: [2, 2] },
  { name: 'a follower crashes', trouble: { kind: 'crash', server: 1 }, speakers: [0, 2] },
  { name: 'the other follower crashes', trouble: { kind: 'crash', server: 2 }, speakers: [0, 1] },
  { name: 'one link is cut', trouble: { kind: 'cut', links: [[0, 1]] }, speakers: [1, 2] },
  {
    name: 'the home is cut off',
    trouble: {
      kind: 'cut',
      links: [
        [0, 1],
        [0, 2],
      ],
    },
    speakers: [0, 1],
  },
  {
    name: 'a follower is cut off',
    trouble: {
      kind: 'cut',
      links: [
        [0, 2],
        [1, 2],
      ],
    },
    speakers: [0, 2],
  },
];

if (import.meta.main) {
  for (const world of SMALL_WORLDS.filter(({ name }) => name.includes(process.argv[2] ?? ''))) {
    const started = performance.now();
    const { states, ends, broken } = explore(world, Number(process.argv[3] ?? Number.POSITIVE_INFINITY));
    const seconds = ((performance.now() - started) / 1_000).toFixed(1);
    console.log(`${world.name}: ${states} states, ${ends} ends, ${seconds} s${broken === '' ? '' : `\n  ${broken}`}`);
    if (broken !== '') process.exitCode = 1;
  }
}
