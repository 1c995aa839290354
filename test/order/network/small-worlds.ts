// The small worlds: what may go wrong with three servers of which the first is the home and the second its standby, while
// two messages are said.

import type { SmallOptions } from './small-world.ts';

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
