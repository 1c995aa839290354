// The API's token: only the whole of one that is known admits.

import { expect, test } from 'bun:test';
import { ApiTokens, tokenProblems } from '../../../src/ops/http/api-token.ts';

const [OLD, NEW] = ['an-old-token-of-some-length', 'a-new-token-of-some-length'];

test('each known token admits, as a bearer', () => {
  const tokens = new ApiTokens([OLD, NEW]);
  for (const header of [`Bearer ${OLD}`, `bearer ${NEW}`, `Bearer   ${NEW} `]) expect(tokens.admits(header)).toBe(true);
});

test.each([
  undefined,
  '',
  'Bearer',
  'Bearer ',
  OLD,
  `Basic ${OLD}`,
  `Bearer ${OLD}x`,
  `Bearer x${OLD}`,
  'Bearer undefined',
])('%j does not', (header) => expect(new ApiTokens([OLD, NEW]).admits(header)).toBe(false));

test('without a token nobody is admitted', () => {
  const none = new ApiTokens([]);
  expect(none.some).toBe(false);
  for (const header of [undefined, '', 'Bearer ', 'Bearer x']) expect(none.admits(header)).toBe(false);
});

test('others take their place, and it is known whether they are others', () => {
  const tokens = new ApiTokens([OLD]);
  expect([tokens.use([OLD]), tokens.use([OLD, NEW]), tokens.use([NEW]), tokens.use([])]).toEqual([
    false,
    true,
    true,
    true,
  ]);
  expect(tokens.admits(`Bearer ${NEW}`)).toBe(false);
});

test('short and unsendable tokens are problems, and are not shown', () => {
  expect(tokenProblems([OLD], 'f')).toEqual([]);
  for (const bad of ['short', 'ö'.repeat(20), `with a space in it ${OLD}`]) {
    const [problem = ''] = tokenProblems([bad], 'f');
    expect(problem).toStartWith('f: ');
    expect(problem).not.toContain(bad);
  }
});
