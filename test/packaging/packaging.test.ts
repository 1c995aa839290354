// What Chorus is packed in, against the source and against the tools that will read it: the unit of systemd, the image.

import { describe, expect, test } from 'bun:test';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import pkg from '../../package.json' with { type: 'json' };
import { parseOptions } from '../../src/ops/options/options.ts';
import { requireTool } from '../support/tools.ts';

const ROOT = resolve(import.meta.dir, '../..');
const EXECUTABLE = '/usr/local/bin/chorus';
/** Of ten, times ten: what systemd calls OK ends at 4.9. */
const MOST_EXPOSURE = 15;
/** What a home that is stopped takes to give its rooms away, on top of the options. */
const HAND_OVER_MS = 2000;

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const unit = read('packaging/chorus.service');

/** The values of a setting of the unit. */
function settings(name: string): string[] {
  return [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value]) => value as string);
}

/** The options as they are when these flags are given and nothing else. */
function optionsOf(...flags: readonly string[]) {
  const parsed = parseOptions(flags, {});
  if (!('options' in parsed)) throw new Error(JSON.stringify(parsed));
  return parsed.options;
}

describe('the unit of systemd', () => {
  test('waits for longer than the server takes to stop', () => {
    const { drainMs, shutdownMs } = optionsOf();
    expect(Number(settings('TimeoutStopSec')[0]) * 1000).toBeGreaterThan(drainMs + shutdownMs + HAND_OVER_MS);
    expect(settings('KillSignal')).toEqual(['SIGTERM']);
    expect(settings('ExecReload')).toEqual(['/bin/kill -HUP $MAINPID']);
  });

  test('starts the server with flags that it has', () => {
    const [program, name, ...flags] = (settings('ExecStart')[0] ?? '').split(' ');
    expect([program, name]).toEqual([EXECUTABLE, 'server']);
    expect(optionsOf(...flags)).toMatchObject({ config: '/etc/chorus/chorus.toml', secretFile: '%d/secret' });
    expect(settings('LoadCredential')).toEqual(['secret:/etc/chorus/secret']);
  });

  const systemd = requireTool('systemd-analyze');
  describe.skipIf(systemd === undefined)('as systemd reads it (needs systemd-analyze)', () => {
    /** Runs systemd-analyze on the unit, with a program that is there in the place of ours. */
    function analyze(text: string, ...words: readonly string[]) {
      const folder = mkdtempSync(join(tmpdir(), 'chorus-unit-'));
      try {
        const path = join(folder, 'chorus.service');
        writeFileSync(path, text.replaceAll(EXECUTABLE, process.execPath));
        const { exitCode, stdout, stderr } = Bun.spawnSync([systemd as string, ...words, path]);
        return { exitCode, said: `${stdout}${stderr}` };
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }

    test('there is no fault in it', () => {
      expect(analyze(unit, 'verify', '--man=no')).toEqual({ exitCode: 0, said: '' });
    });

    test('a fault in it would be found', () => {
      expect(analyze(unit.replace('ProtectSystem=', 'ProtectSytem='), 'verify', '--man=no').said).toContain(
        'ProtectSytem',
      );
    });

    test('little is open to it', () => {
      const words = ['security', '--offline=true', `--threshold=${MOST_EXPOSURE}`];
      expect(analyze(unit, ...words).exitCode).toBe(0);
      expect(
        analyze(unit.replace('NoNewPrivileges=yes', '').replace('DynamicUser=yes', ''), ...words).exitCode,
      ).not.toBe(0);
    });
  });
});

describe('the image', () => {
  const steps = read('Dockerfile')
    .split('\n')
    .filter((line) => /^[A-Z]+ /.test(line));
  const of = (name: string): string[] => steps.filter((step) => step.startsWith(`${name} `));

  test('is built by the Bun of package.json, from images that name no registry', () => {
    expect(of('FROM')[0]).toBe(`FROM oven/${pkg.packageManager.replace('@', ':')} AS build`);
    for (const from of of('FROM')) expect(from).toMatch(/^FROM [a-z]+(?:\/[a-z]+)?:[\w.-]+( AS \w+)?$/);
  });

  test('runs as a user without a name, and hands signals over', () => {
    expect(of('USER').at(-1)).toMatch(/^USER [1-9]\d*:[1-9]\d*$/);
    expect(steps.indexOf(of('USER').at(-1) as string)).toBeGreaterThan(steps.lastIndexOf(of('FROM').at(-1) as string));
    for (const step of [...of('ENTRYPOINT'), ...of('RUN')]) expect(step).toMatch(/^\w+ \["/);
    expect(of('CMD')).toEqual(['CMD ["server"]']);
    expect(of('HEALTHCHECK').join()).toEndWith('CMD ["chorus", "server", "health"]');
  });

  test('sees every file that it copies, and no other', () => {
    const copied = of('COPY').filter((step) => !step.includes('--from'));
    const sources = copied.flatMap((step) => step.split(' ').slice(1, -1));
    const shown = [...read('.dockerignore').matchAll(/^!(.*)$/gm)].map(([, path]) => path as string);
    expect(sources.sort()).toEqual(shown.sort());
  });

  test('has variables that the server knows', () => {
    const set = of('ENV').flatMap((step) => step.split(' ').slice(1));
    const env = Object.fromEntries(set.map((each) => each.split('=') as [string, string]));
    expect(parseOptions([], env)).toMatchObject({
      options: { clients: [{ host: '0.0.0.0', port: 7400 }] },
      warnings: [],
    });
  });
});
