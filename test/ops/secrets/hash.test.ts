// `hash`: from a pipe, from a terminal of its own, and what it refuses.

import { describe, expect, setDefaultTimeout, test } from 'bun:test';

// Processes that each make a real hash of 64 MiB.
setDefaultTimeout(60_000);

const MODULE = require.resolve('../../../src/ops/secrets/hash.ts');
const SCRIPT = `import { hashCommand } from ${JSON.stringify(MODULE)}; process.exit(await hashCommand(process.argv.slice(1)));`;

async function piped(
  input: string | Uint8Array,
  ...argv: string[]
): Promise<{ out: string; err: string; code: number }> {
  const child = Bun.spawn([process.execPath, '-e', SCRIPT, ...argv], {
    stdin: typeof input === 'string' ? Buffer.from(input) : input,
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { out, err, code };
}

/** Types each answer when its question has come; answers all that the terminal showed. */
async function typed(...answers: string[]): Promise<{ shown: string; code: number }> {
  let shown = '';
  let asked = 0;
  const child = Bun.spawn([process.execPath, '-e', SCRIPT], {
    terminal: {
      data: (terminal, data) => {
        shown += Buffer.from(data).toString();
        const questions = shown.match(/Password: |Again: /g)?.length ?? 0;
        if (questions > asked) terminal.write(answers[asked++] ?? '');
      },
    },
  });
  const code = await child.exited;
  return { shown, code };
}

function hashIn(text: string): string {
  return /\$argon2id\$\S+/.exec(text)?.[0] ?? '';
}

describe('from a pipe', () => {
  test.each([
    ['secret\n', 'secret'],
    ['secret', 'secret'],
    ['secret\r\n', 'secret'],
    [' two words \nsecond line\n', ' two words '],
    ['pässwörd\n', 'pässwörd'],
  ])('%p gives a hash of %p and nothing else', async (input, password) => {
    const { out, err, code } = await piped(input);
    expect({ err, code }).toEqual({ err: '', code: 0 });
    expect(out).toMatch(/^\$argon2id\$v=19\$m=65536,t=2,p=1\$\S+\n$/);
    expect(await Bun.password.verify(password, out.trim())).toBe(true);
  });

  test.each([
    ['', 'no password was given\n'],
    ['\n', 'the password is empty\n'],
    ['a\tb\n', 'the password has control characters\n'],
    [`${'x'.repeat(600)}\n`, 'the password is over 512 bytes\n'],
    [new Uint8Array([0xff, 0x0a]), 'the password is not UTF-8\n'],
  ])('%p is refused', async (input, message) => {
    expect(await piped(input)).toEqual({ out: '', err: message, code: 1 });
  });

  test('nothing is taken from the command line, nor shown', async () => {
    const { out, err, code } = await piped('', 'hunter2');
    expect({ out, code }).toEqual({ out: '', code: 2 });
    expect(err).toContain('nothing from the command line');
    expect(err).not.toContain('hunter2');
  });
});

describe('on a terminal', () => {
  test('asks twice, shows nothing of what is typed, and takes corrections', async () => {
    const { shown, code } = await typed('wrong\x15secretx\x7f\r', 'secret\r');
    expect(code).toBe(0);
    expect(shown).not.toContain('secret');
    expect(shown).not.toContain('wrong');
    expect(await Bun.password.verify('secret', hashIn(shown))).toBe(true);
  });

  test('takes both lines pasted at once', async () => {
    const { shown, code } = await typed('secret\rsecret\r');
    expect(code).toBe(0);
    expect(await Bun.password.verify('secret', hashIn(shown))).toBe(true);
  });

  test.each([
    ['two that differ', ['one\r', 'two\r'], 'the two passwords differ', 1],
    ['an empty one, without asking again', ['\r'], 'the password is empty', 1],
    ['the end of input', ['\x04'], 'no password was given', 1],
    ['Ctrl-C', ['sec\x03'], '', 130],
    ['Ctrl-C at the second question', ['secret\r', '\x03'], '', 130],
  ])('refuses %s', async (_name, answers, message, exit) => {
    const { shown, code } = await typed(...answers);
    expect(code).toBe(exit);
    expect(shown).toContain(message);
    expect(hashIn(shown)).toBe('');
  });
});
