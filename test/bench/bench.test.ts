import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collections } from '../../bench/allocations.ts';
import { readCommand, SUITES } from '../../bench/command.ts';
import { csend, streamOf } from '../../bench/frames.ts';
import { PEERS } from '../../bench/peer-process.ts';
import { type Results, type Table, tableText } from '../../bench/report.ts';
import { median } from '../../bench/timing.ts';
import { isCanonical } from '../../src/wire/canonical.ts';
import { FRAME, Frame, MORE, Scanner } from '../../src/wire/scanner.ts';

const MAIN = join(import.meta.dir, '../../bench/main.ts');
const SMOKE_MS = 90_000;

interface Run {
  readonly out: string;
  readonly error: string;
  readonly code: number;
}

function bench(...args: string[]): Promise<Run> {
  return run(MAIN, ...args);
}

async function run(...command: string[]): Promise<Run> {
  const child = Bun.spawn([process.execPath, ...command], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, error, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { out, error, code };
}

describe('a smoke run', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chorus-bench-'));
  const path = join(folder, 'results.json');
  let smoke: Run;
  let results: Results;
  beforeAll(async () => {
    smoke = await bench('--smoke', '--json', path);
    if (smoke.code === 0) results = (await Bun.file(path).json()) as Results;
  }, SMOKE_MS);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('runs every bench and says which one it is at', () => {
    expect(smoke).toMatchObject({ code: 0 });
    for (const suite of SUITES) expect(smoke.error).toContain(`… ${suite}:`);
    expect([...new Set(results.tables.map((table) => table.suite))]).toEqual([...SUITES]);
  });

  test('names the machine', () => {
    expect(results).toMatchObject({ smoke: true, machine: { bun: Bun.version, cores: navigator.hardwareConcurrency } });
    expect(smoke.out).toContain(`Bun ${Bun.version}`);
  });

  test('prints and saves the same tables, each with a figure a column', () => {
    for (const table of results.tables) {
      expect(smoke.out).toContain(`${table.suite}: ${table.title}`);
      expect(table.rows.length).toBeGreaterThan(0);
      for (const { name, values } of table.rows) {
        expect(smoke.out).toContain(name);
        expect(values).toHaveLength(table.columns.length);
      }
    }
  });

  test('every timed case has figures, and the first is what the others are compared with', () => {
    const timed = results.tables.filter((table) => table.columns.includes('ratio'));
    expect(timed.length).toBeGreaterThanOrEqual(9);
    for (const { rows } of timed) {
      expect(rows[0]?.values[2]).toBe(1);
      for (const { values } of rows) for (const value of values) expect(value).toBeFinite();
    }
  });

  test('frames really went through the scanner, the node and the sockets', () => {
    const taken = table(results, 'allocations').rows.map(({ name, values }) => [name, values[0]]);
    for (const [name, frames] of taken) {
      if (String(name).includes('started only')) expect(frames).toBe(0);
      else expect(frames).toBeGreaterThanOrEqual(10_000);
    }
    for (const { values } of table(results, 'sockets').rows) {
      expect(values[0]).toBeGreaterThan(0);
      expect(values[1]).toBeFinite();
    }
  });
});

function table(results: Results, suite: string): Table {
  const found = results.tables.find((one) => one.suite === suite);
  if (found === undefined) throw new Error(`no table of ${suite}`);
  return found;
}

describe('a bench that is started by itself', () => {
  const folder = join(import.meta.dir, '../../bench');
  const names = readdirSync(folder).filter((name) => {
    return readFileSync(join(folder, name), 'utf8').split('\n', 2).join(' ').includes(`bun bench/${name}`);
  });

  test('is some of these files, and found by what they open with', () => {
    expect(names).toContain('abuse.ts');
    expect(names).toContain('tls.ts');
    expect(names).not.toContain('main.ts');
  });

  test.each(names)('%s says what it does when it is asked, and does nothing then', async (name) => {
    const { out, error, code } = await run(join(folder, name), '--help');
    expect({ code, error }).toEqual({ code: 0, error: '' });
    expect(out).toContain(`bun bench/${name}`);
  });
});

describe('the command line', () => {
  test('runs everything in full unless told otherwise', () => {
    expect(readCommand([])).toEqual({
      command: { suites: SUITES, json: undefined, smoke: false, peers: false },
    });
  });

  test('takes what is wanted, in any order and either way of writing', () => {
    const command = { suites: ['wire', 'order'], json: 'a.json', smoke: true, peers: false };
    expect(readCommand(['--only', 'order,wire', '--json', 'a.json', '--smoke'])).toEqual({ command } as never);
    expect(readCommand(['--smoke', '--json=a.json', '--only=order,wire,order'])).toEqual({ command } as never);
    expect(readCommand(['-h'])).toEqual({ help: true });
    expect(readCommand(['--peers'])).toMatchObject({ command: { suites: [], peers: true } });
    expect(readCommand(['--peers', '--only', 'wire'])).toMatchObject({ command: { suites: ['wire'], peers: true } });
  });

  test.each([
    [['--fast'], ['unknown argument "--fast"']],
    [['wire'], ['unknown argument "wire"']],
    [['--smoke=yes'], ['unknown argument "--smoke=yes"']],
    [
      ['--only', 'wires'],
      ['--only "wires": expected some of wire, fanout, order, client, allocations, sockets, mesh, load'],
    ],
    [['--only'], ['--only has no value']],
    [
      ['--only', '', '--fast', '--json'],
      ['--only has no value', 'unknown argument "--fast"', '--json has no value'],
    ],
    [['--json', '--smoke'], ['--json has no value']],
  ])('refuses %j', (argv, problems) => {
    expect(readCommand(argv)).toEqual({ problems });
  });

  test('a wrong argument ends it with code 2 before anything runs', async () => {
    const { out, error, code } = await bench('--smoke', '--quick');
    expect({ out, code }).toEqual({ out: '', code: 2 });
    expect(error).toStartWith('bench: unknown argument "--quick"\nUsage: bun run bench');
  });

  test(
    'others are measured beside us where they are installed, and named where they are not',
    async () => {
      const { out, error, code } = await bench('--smoke', '--peers');
      expect({ code, error }).toMatchObject({ code: 0 });
      expect(out).toContain('peers: rooms x members');
      expect(out).not.toContain('wire:');
      const shapes = out.match(/ {2}chorus /g)?.length;
      expect(shapes).toBeGreaterThan(1);
      for (const { name, program } of PEERS) {
        if (out.includes(`There is no ${program} here`))
          expect(error).toContain(`… peers: There is no ${program} here`);
        else expect(out.match(new RegExp(` {2}${name} `, 'g'))).toHaveLength(shapes as number);
      }
    },
    SMOKE_MS,
  );

  test('only what was asked for runs', async () => {
    const { out, code } = await bench('--smoke', '--only', 'order');
    expect(code).toBe(0);
    expect(out).toContain('order: sending');
    expect(out).not.toContain('wire:');
  });
});

test('garbage is seen by the count of collections, and frames make none', async () => {
  const frames = 1_000_000;
  const clean = await collections('scanner', frames);
  const wasteful = await collections('waste', frames);
  expect(clean.frames).toBeGreaterThanOrEqual(frames);
  expect(clean.young).toBeLessThanOrEqual(1);
  expect(wasteful.young).toBeGreaterThanOrEqual(clean.young + 2);
});

describe('the frames of the benches', () => {
  test.each([20, 64, 200])('a CSEND of %d bytes is one, canonical and of that size', (bytes) => {
    const { chunk, frames } = streamOf(csend(bytes), 10 * bytes + 5);
    expect([chunk.length, frames]).toEqual([10 * bytes, 10]);
    const scanner = new Scanner(8_192);
    const frame = new Frame();
    scanner.feed(chunk);
    for (let i = 0; i < frames; i++) {
      expect(scanner.next(frame)).toBe(FRAME);
      expect(frame.verb()).toBe('CSEND');
      expect(isCanonical(frame.bytes, frame.argStart[0] as number, frame.argEnd[0] as number)).toBe(true);
    }
    expect(scanner.next(frame)).toBe(MORE);
  });
});

test('a table is aligned, with three digits that mean something', () => {
  const text = tableText({
    suite: 'wire',
    title: 'reading',
    columns: ['ns a frame', 'ratio'],
    rows: [
      { name: 'bare', values: [7.5612, 1] },
      { name: 'a longer name', values: [1234.5, undefined] },
      { name: 'small', values: [0.123, 12.345] },
    ],
    note: 'A note.',
  });
  expect(text.split('\n')).toEqual([
    'wire: reading',
    '                 ns a frame  ratio',
    '  bare                 7.56      1',
    '  a longer name       1,235      -',
    '  small                0.12   12.3',
    '  A note.',
  ]);
});

test('a median is the middle, or between the two middles', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
});
