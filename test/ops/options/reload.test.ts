// Reloads: what changes at once, what waits for a restart, and that a mistake leaves everything as it was.

import { describe, expect, test } from 'bun:test';
import type { LogFields } from '../../../src/ops/log/log.ts';
import { flagOf, KEYS, rowOf } from '../../../src/ops/options/option-table.ts';
import { parseOptions } from '../../../src/ops/options/options.ts';
import { type Change, type Plan, planReload } from '../../../src/ops/options/reload.ts';
import { Reloader } from '../../../src/ops/options/reloader.ts';
import type { ReadSettings, Settings } from '../../../src/ops/options/settings.ts';
import type { OperatorAccount } from '../../../src/ops/secrets/operators.ts';
import { NO_TLS } from '../../../src/ops/secrets/tls-settings.ts';
import { Authority, type Issued } from '../../support/certificates.ts';
import { VALUES } from './option-values.ts';

const MACHINE = { hostname: 'alpha', fdLimit: 20_000 };
const SECRETS = ['the old secret of all', 'the new secret of all'] as const;

function settings(flags: readonly string[] = [], more: Partial<Settings> = {}): Settings {
  const parsed = parseOptions(flags, {}, MACHINE);
  if (!('options' in parsed)) throw new Error(JSON.stringify(parsed));
  const none = { operators: [], secrets: [], apiTokens: [], passwordHash: undefined, tls: NO_TLS, warnings: [] };
  return { ...parsed, ...none, ...more };
}

function plan(running: Settings, read: Settings): Plan {
  const planned = planReload(running, read, MACHINE);
  if ('problems' in planned) throw new Error(planned.problems.join('\n'));
  return planned;
}

describe('one option that is set to something else', () => {
  for (const key of KEYS) {
    test(flagOf(key), () => {
      const running = settings();
      const read = settings([flagOf(key), VALUES[key].good]);
      const { changed, waiting, settings: next } = plan(running, read);
      const isLive = rowOf(key).live === true;
      const changes = isLive ? changed : waiting;
      const change = changes.find(({ option }) => option === flagOf(key)) as Change;
      expect(change.origin).toBe(flagOf(key));
      expect(change.from).not.toBe(change.to);
      // How many clients there may be follows from the reserve.
      expect(changes).toHaveLength(key === 'fdReserve' ? 2 : 1);
      expect(isLive ? waiting : changed).toEqual([]);
      expect(next.options[key]).toEqual((isLive ? read : running).options[key] as never);
      expect(next.origins[key]).toBe((isLive ? read : running).origins[key]);
    });
  }
});

describe('certificates and the password', () => {
  const authority = new Authority('Test authority');
  const [one, two] = [authority.issue('one'), authority.issue('two')];
  const withTls = (clients: Issued, flags: readonly string[] = []): Settings =>
    settings(['--tls-cert', 'a.crt', ...flags], { tls: { clients, links: undefined } });

  test('a renewal is a change, told by fingerprint and day, and runs from now on', () => {
    const { changed, waiting, settings: next } = plan(withTls(one), withTls(two));
    expect(waiting).toEqual([]);
    expect(changed).toEqual([
      {
        option: 'tls-cert',
        from: expect.stringMatching(/^[0-9A-F:]{11}… until \d{4}-\d\d-\d\d$/),
        to: expect.stringMatching(/^[0-9A-F:]{11}… until/),
        origin: 'a.crt',
      },
    ]);
    expect(next.tls.clients).toBe(two);
  });

  test('one that a listener shows cannot be taken away before the listener is', () => {
    const running = withTls(one, ['--clients', 'tls://127.0.0.1:0']);
    expect(planReload(running, settings(), MACHINE)).toEqual({ problems: ['--clients tls://… needs --tls-cert'] });
  });

  test('of a password nothing is told but whether there is one', () => {
    const { changed } = plan(settings([], { passwordHash: 'one hash' }), settings([], { passwordHash: 'another' }));
    expect(changed).toEqual([{ option: 'password', from: 'one', to: 'one', origin: 'none' }]);
  });
});

describe('a reload', () => {
  test('without a difference changes nothing', () => {
    expect(plan(settings(), settings())).toEqual({ settings: settings(), changed: [], waiting: [] });
  });

  test('says again what waits, for as long as it does', () => {
    const read = settings(['--rooms', '50', '--arguments', '65']);
    const first = plan(settings(), read);
    const second = plan(first.settings, read);
    expect(second.changed).toEqual([]);
    expect(second.waiting).toEqual([{ option: '--arguments', from: '64', to: '65', origin: '--arguments' }]);
  });

  test('is refused where what changes now and what waits do not go together until a restart', () => {
    const read = settings(['--targets', '100', '--arguments', '101']);
    expect(planReload(settings(), read, MACHINE)).toEqual({
      problems: [
        '--targets: --targets 100 and --arguments 64 (until a restart) do not go together: the targets of LSEND and its text are arguments',
      ],
    });
    // The other way round they do.
    expect(plan(read, settings(['--targets', '20', '--arguments', '21'])).settings.options).toMatchObject({
      targets: 20,
      arguments: 101,
    });
  });

  test('takes other tokens of the API, and says no more of them than how many there are', () => {
    const of = (...apiTokens: string[]): Settings => settings(['--api-token-file', 'tokens'], { apiTokens });
    const {
      changed,
      waiting,
      settings: next,
    } = plan(of('the-first-token-1'), of('the-first-token-1', 'another-token-22'));
    expect(changed).toEqual([{ option: 'api-tokens', from: '1', to: '2', origin: 'tokens' }]);
    expect(waiting).toEqual([]);
    expect(next.apiTokens).toEqual(['the-first-token-1', 'another-token-22']);
  });

  test('takes other operators, whether their file has another name or another content', () => {
    const ada: OperatorAccount = { name: 'ada', hash: 'h1', grants: ['KILL'] };
    const of = (...operators: OperatorAccount[]): Settings => settings(['--operators', 'ops'], { operators });
    const change = { option: 'operators', from: 'ada', origin: 'ops' };
    const bob = { ...ada, name: 'bob' };
    expect(plan(of(ada), of(ada)).changed).toEqual([]);
    expect(plan(of(ada, bob), of(bob, ada)).changed).toEqual([]);
    expect(plan(of(ada), of(ada, bob)).changed).toEqual([{ ...change, to: 'ada bob' }]);
    expect(plan(of(ada), of({ ...ada, hash: 'h2' })).changed).toEqual([{ ...change, to: 'ada' }]);
    expect(plan(of(ada), of({ ...ada, grants: ['KILL', 'BSEND'] })).changed).toEqual([{ ...change, to: 'ada' }]);
    expect(plan(of(ada), settings()).changed.map(({ option, to }) => [option, to])).toEqual([
      ['--operators', 'none'],
      ['operators', 'none'],
    ]);
    expect(JSON.stringify(plan(of(ada), of({ ...ada, hash: 'h2' })).changed)).not.toContain('h2');
  });

  test('takes other secrets, and says how many there are', () => {
    const of = (...secrets: string[]): Settings => settings(['--secret-file', 's'], { secrets });
    const { changed, settings: next } = plan(of(SECRETS[0]), of(...SECRETS));
    expect(changed).toEqual([{ option: 'secrets', from: '1', to: '2', origin: 's' }]);
    expect(next.secrets).toEqual(SECRETS);
    expect(plan(of(...SECRETS), of(SECRETS[1], SECRETS[0])).changed).toHaveLength(1);
  });

  test('makes no server of a network lonely, and no lonely one social', () => {
    const [alone, social] = [settings(), settings(['--secret-file', 's'], { secrets: [SECRETS[0]] })];
    for (const [running, read] of [
      [alone, social],
      [social, alone],
    ] as const) {
      const { changed, waiting, settings: next } = plan(running, read);
      expect(changed).toEqual([]);
      expect(waiting.map(({ option }) => option)).toEqual(['--secret-file', 'secrets']);
      expect(next.secrets).toEqual(running.secrets);
    }
  });
});

describe('the reloader', () => {
  type Line = readonly [event: string, fields: LogFields];

  function reloader(running: Settings, reads: readonly (ReadSettings | Promise<ReadSettings>)[]) {
    const lines: Line[] = [];
    const applied: Settings[] = [];
    const say = (event: string, fields: LogFields = {}): void => void lines.push([event, fields]);
    const log = { debug: say, info: say, warn: say, error: say, flush: async () => true };
    const left = [...reads];
    const read = async (): Promise<ReadSettings> => left.shift() as ReadSettings | Promise<ReadSettings>;
    const made = new Reloader(running, { read, apply: (next) => void applied.push(next), log, machine: MACHINE });
    return { reload: () => made.reload(), lines, applied };
  }

  test('applies what changed, and logs it with what waits', async () => {
    const read = settings(['--rooms', '50', '--name', 'b'], { warnings: ['careful'] });
    const { reload, lines, applied } = reloader(settings(), [read]);
    await reload();
    expect(applied.map(({ options }) => [options.rooms, options.name])).toEqual([[50, 'alpha']]);
    expect(lines).toEqual([
      ['options.warning', { warning: 'careful' }],
      ['options.changed', { option: '--rooms', from: '10000', to: '50', origin: '--rooms' }],
      ['options.waiting', { option: '--name', runs: 'alpha', given: 'b', origin: '--name' }],
      ['options.reloaded', { changed: 1, waiting: 1 }],
    ]);
  });

  test('applies nothing and logs every mistake when there is one', async () => {
    const bad: ReadSettings = { problems: ['a.toml:1:1: no', 'a.toml:2:1: no'] };
    const { reload, lines, applied } = reloader(settings(), [
      bad,
      settings(['--targets', '100', '--arguments', '101']),
    ]);
    await reload();
    expect(lines).toEqual([
      ['options.mistake', { problem: 'a.toml:1:1: no' }],
      ['options.mistake', { problem: 'a.toml:2:1: no' }],
      ['options.kept', { mistakes: 2 }],
    ]);
    await reload();
    expect(lines.slice(3).map(([event]) => event)).toEqual(['options.mistake', 'options.kept']);
    expect(applied).toEqual([]);
  });

  test('keeps everything when reading itself fails, and goes on', async () => {
    const { lines, applied, reload } = reloader(settings(), [Promise.reject(new Error('no disk')), settings()]);
    await reload();
    expect(lines.map(([event]) => event)).toEqual(['options.mistake', 'options.kept']);
    await reload();
    expect([lines.at(-1)?.[0], applied.length]).toEqual(['options.reloaded', 1]);
  });

  test('does not let a reload that was asked for later overtake one that reads slowly', async () => {
    const slow = Promise.withResolvers<ReadSettings>();
    const { applied, reload } = reloader(settings(), [slow.promise, settings(['--rooms', '60'])]);
    const both = [reload(), reload()];
    await Bun.sleep(0);
    slow.resolve(settings(['--rooms', '50']));
    await Promise.all(both);
    expect(applied.map(({ options }) => options.rooms)).toEqual([50, 60]);
  });

  test('compares with what runs since the last one, and does one at a time', async () => {
    const reads = [settings(['--rooms', '50']), settings(['--rooms', '60']), settings()];
    const { reload, lines, applied } = reloader(settings(), reads);
    await Promise.all([reload(), reload(), reload()]);
    expect(applied.map(({ options }) => options.rooms)).toEqual([50, 60, 10_000]);
    const changes = lines.filter(([event]) => event === 'options.changed').map(([, { from, to }]) => [from, to]);
    expect(changes).toEqual([
      ['10000', '50'],
      ['50', '60'],
      ['60', '10000'],
    ]);
  });
});
