// Whom a server would like to be linked to is bounded, whatever it is told of.

import { expect, test } from 'bun:test';
import { Targets } from '../../src/mesh/targets.ts';
import { identity } from './servers.ts';

const TEN_MINUTES = 10 * 60_000;

test('so many are found, and old ones give way', () => {
  const targets = new Targets();
  targets.configure({ host: 'a.example', port: 7401 });
  for (let id = 1; id < 1000; id++) targets.found(identity(id), 0);
  expect(targets.size).toBe(256);
  expect(targets.found(identity(5000), TEN_MINUTES)).toBeUndefined();
  expect(targets.found(identity(5000), TEN_MINUTES + 1)).toBeDefined();
  expect([...targets].filter((target) => target.configured)).toHaveLength(1);
  expect(targets.size).toBe(2);
});
