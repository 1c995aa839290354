import { afterEach, expect, test } from 'bun:test';
import { requireTool } from './tools.ts';

const before = process.env.CI;
afterEach(() => {
  if (before === undefined) delete process.env.CI;
  else process.env.CI = before;
});

test('a tool that is there is given by its path', () => {
  expect(requireTool('no-such-tool-of-chorus', 'sh')).toMatch(/\/sh$/);
});

test('a missing tool is a named skip on a developer machine', () => {
  delete process.env.CI;
  expect(requireTool('no-such-tool-of-chorus')).toBeUndefined();
  process.env.CI = 'false';
  expect(requireTool('no-such-tool-of-chorus')).toBeUndefined();
});

test('a missing tool is a failure under CI', () => {
  process.env.CI = 'true';
  expect(() => requireTool('no-such-tool-of-chorus', 'nor-this-one')).toThrow('no-such-tool-of-chorus or nor-this-one');
});
