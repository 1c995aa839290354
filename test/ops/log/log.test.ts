// The log's lines: both formats, what is filtered, and that no field can make a second line or obey a terminal.

import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { LogLevel } from '../../../src/node/ports.ts';
import { createLog, type LogFields, type LogOptions, logLine } from '../../../src/ops/log/log.ts';

// Some start a process, on a machine that may be busy.
setDefaultTimeout(60_000);

const AT = Date.UTC(2026, 0, 2, 3, 4, 5, 6);
const PRETTY = { format: 'pretty', colour: false } as const;
const JSON_LINES = { format: 'json', colour: false } as const;
const HOSTILE = 'a\r\n2026 INFO \x1b[2J\u202e\u2028\x9b\ud800"=';

function pretty(fields: LogFields, event = 'client.connected'): string {
  return logLine('info', event, fields, AT, PRETTY);
}

function json(fields: LogFields, event = 'client.connected'): unknown {
  return JSON.parse(logLine('info', event, fields, AT, JSON_LINES));
}

describe('pretty', () => {
  test('is time, level, event, fields', () => {
    expect(pretty({ connection: 7, host: 'a.hidden', tls: false, left: undefined, big: 3n, none: null })).toBe(
      '2026-01-02T03:04:05.006Z INFO  client.connected connection=7 host=a.hidden tls=false big=3 none=null',
    );
  });

  test('quotes what could be read as more than one field', () => {
    expect(pretty({ a: 'x y', b: '', c: 'k=v', d: 'say "hi"' })).toEndWith(`a="x y" b="" c="k=v" d="say \\"hi\\""`);
  });

  test('is coloured only when asked', () => {
    const line = logLine('error', 'e', { a: 1 }, AT, { format: 'pretty', colour: true });
    expect(line).toContain('\x1b[31m');
    expect(Bun.stripANSI(line)).toBe(logLine('error', 'e', { a: 1 }, AT, PRETTY));
    expect(pretty({ a: 1 })).not.toContain('\x1b');
  });
});

describe('json', () => {
  test('is one object', () => {
    expect(
      json({ connection: 7, host: 'a', tls: true, left: undefined, big: 3n, none: null, nan: Number.NaN }),
    ).toEqual({
      time: '2026-01-02T03:04:05.006Z',
      level: 'info',
      event: 'client.connected',
      connection: 7,
      host: 'a',
      tls: true,
      big: '3',
      none: null,
      nan: null,
    });
  });

  test('keeps its own keys from fields of their name', () => {
    expect(json({ time: 1, level: 2, event: 3 })).toMatchObject({ level: 'info', time_: 1, level_: 2, event_: 3 });
  });
});

describe('what comes from outside', () => {
  for (const options of [PRETTY, JSON_LINES, { format: 'json', colour: true } as const]) {
    test(`stays one line that no terminal obeys (${options.format})`, () => {
      const line = logLine('warn', HOSTILE, { [HOSTILE]: HOSTILE }, AT, options);
      expect(line).not.toMatch(/[\p{Cc}\p{Cs}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\u061c]/u);
      expect(line).toContain('\\u{202e}');
    });
  }

  test('is cut', () => {
    expect(pretty({ a: 'x'.repeat(100_000) }).length).toBeLessThan(1200);
    expect(JSON.stringify(json({ a: 'x'.repeat(100_000) })).length).toBeLessThan(1200);
  });
});

describe('levels', () => {
  const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

  test.each(LEVELS.map((level, i) => [level, LEVELS.slice(i)] as const))('%s lets through %p', (level, through) => {
    const lines: string[] = [];
    const sink: LogOptions['sink'] = { write: (line) => void lines.push(line), flush: async () => true };
    const log = createLog({ ...JSON_LINES, level, sink, now: () => AT });
    for (const each of LEVELS) log[each]('e', { n: 1 });
    expect(lines.map((line) => JSON.parse(line).level)).toEqual([...through]);
    log.error('without.fields');
    expect(JSON.parse(lines.at(-1)!)).toEqual({
      time: new Date(AT).toISOString(),
      level: 'error',
      event: 'without.fields',
    });
  });
});

describe('the log of a process', () => {
  const script = `import { stderrLog } from ${JSON.stringify(require.resolve('../../../src/ops/log/log.ts'))};
    const log = stderrLog('info', process.argv.at(-1)); log.debug('no'); log.info('yes', { a: 1 }); await log.flush(1000);`;

  async function stderrOf(format: string): Promise<string> {
    const child = Bun.spawn([process.execPath, '-e', script, format], { stderr: 'pipe', stdout: 'pipe' });
    const [err, out] = await Promise.all([child.stderr.text(), child.stdout.text()]);
    expect(out).toBe('');
    return err;
  }

  /** What the process shows on a terminal of its own. */
  async function terminalOf(env: Record<string, string>): Promise<string> {
    let shown = '';
    const child = Bun.spawn([process.execPath, '-e', script, 'pretty'], {
      env: { ...process.env, NO_COLOR: '', ...env },
      terminal: {
        data: (_terminal, data) => {
          shown += Buffer.from(data).toString();
        },
      },
    });
    await child.exited;
    return shown;
  }

  test('goes to stderr, plain where that is no terminal', async () => {
    expect(await stderrOf('pretty')).toMatch(/^\S+Z INFO {2}yes a=1\n$/);
    expect(JSON.parse(await stderrOf('json'))).toMatchObject({ event: 'yes', a: 1 });
  });

  test('is coloured on a terminal, unless NO_COLOR says otherwise', async () => {
    expect(await terminalOf({})).toContain('\x1b[32mINFO');
    expect(await terminalOf({ NO_COLOR: '1' })).not.toContain('\x1b[32m');
  });
});
