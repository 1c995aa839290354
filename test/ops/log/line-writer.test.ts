// The writer of lines: against a side that is slow, takes little, fails for a while, or is gone; and for real against a
// stuck pipe and a closed one.

import { describe, expect, test } from 'bun:test';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { LineWriter } from '../../../src/ops/log/line-writer.ts';

/** The other side: each write waits until the test answers it. */
class Side {
  readonly taken: string[] = [];
  #pending: { bytes: Uint8Array; start: number; done: (code: string | undefined, taken: number) => void } | undefined;

  write = (bytes: Uint8Array, start: number, done: (code: string | undefined, taken: number) => void): void => {
    expect(this.#pending).toBeUndefined();
    this.#pending = { bytes, start, done };
  };

  get asked(): boolean {
    return this.#pending !== undefined;
  }

  /** Takes at most `most` bytes, or answers an error. */
  answer(most = Number.POSITIVE_INFINITY, code?: string): void {
    const { bytes, start, done } = this.#pending!;
    this.#pending = undefined;
    const end = code === undefined ? Math.min(bytes.length, start + most) : start;
    this.taken.push(Buffer.from(bytes.subarray(start, end)).toString());
    done(code, end - start);
  }

  get text(): string {
    return this.taken.join('');
  }
}

function over(side: Side, maxBytes = 1000): LineWriter {
  return new LineWriter({ write: side.write, maxBytes, dropped: (lines) => `${lines} dropped` });
}

describe('lines', () => {
  test('go out at once, those that come meanwhile together', () => {
    const side = new Side();
    const writer = over(side);
    for (const line of ['a', 'b', 'ü']) writer.write(line);
    side.answer();
    expect(side.taken).toEqual(['a\n']);
    side.answer();
    expect(side.taken).toEqual(['a\n', 'b\nü\n']);
    expect(side.asked).toBe(false);
    writer.write('c');
    side.answer();
    expect(side.text).toBe('a\nb\nü\nc\n');
  });

  test('are whole though only a byte is taken at a time', () => {
    const side = new Side();
    const writer = over(side);
    writer.write('first');
    writer.write('second');
    while (side.asked) side.answer(1);
    expect(side.taken.every((part) => part.length === 1)).toBe(true);
    expect(side.text).toBe('first\nsecond\n');
  });

  test('beyond the bound are dropped, counted, and told of behind those before', () => {
    const side = new Side();
    const writer = over(side, 10);
    writer.write('under way');
    writer.write('1234');
    writer.write('5678');
    writer.write('x');
    writer.write('y'.repeat(100));
    expect(writer.dropped).toBe(2);
    while (side.asked) side.answer();
    expect(side.text).toBe('under way\n1234\n5678\n2 dropped\n');
    expect(writer.dropped).toBe(0);
    writer.write('after');
    side.answer();
    expect(side.text).toEndWith('2 dropped\nafter\n');
  });

  test('are told of as dropped even when more come all the time', () => {
    const side = new Side();
    const writer = over(side, 10);
    for (let i = 0; i < 100; i++) {
      writer.write('12345678');
      if (i % 10 === 9) side.answer();
    }
    expect(side.text).toContain(' dropped\n');
    while (side.asked) side.answer();
    const told = [...side.text.matchAll(/^(\d+) dropped$/gm)].reduce((sum, match) => sum + Number(match[1]), 0);
    expect(told + side.text.match(/^12345678$/gm)!.length).toBe(100);
  });

  test('wait and try again when the side is full for now', async () => {
    const side = new Side();
    const writer = over(side);
    writer.write('a');
    side.answer(0, 'EAGAIN');
    const flushed = writer.flush(5000);
    while (!side.asked) await new Promise((resolve) => setImmediate(resolve));
    side.answer();
    expect(await flushed).toBe(true);
    expect(side.text).toBe('a\n');
  });

  test('lost to an error that may pass are counted, with what they told of, and later ones go out', () => {
    const side = new Side();
    const writer = over(side, 10);
    writer.write('a');
    writer.write('12345678');
    writer.write('dropped by the bound');
    side.answer();
    // Under way: 12345678 and "1 dropped". Both facts must survive.
    side.answer(0, 'ENOSPC');
    expect(side.asked).toBe(false);
    expect(writer.dropped).toBe(2);
    writer.write('b');
    side.answer();
    expect(side.text).toBe('a\nb\n2 dropped\n');
  });

  test.each(['EPIPE', 'EBADF'])('end for good with %s', async (code) => {
    const side = new Side();
    const writer = over(side);
    writer.write('a');
    writer.write('b');
    const flushed = writer.flush(5000);
    side.answer(0, code);
    expect(await flushed).toBe(true);
    writer.write('c');
    expect(side.asked).toBe(false);
    expect(writer.dropped).toBe(3);
  });
});

describe('flush', () => {
  test('of nothing is done', async () => {
    expect(await over(new Side()).flush(0)).toBe(true);
  });

  test('gives up in time', async () => {
    const writer = over(new Side());
    writer.write('a');
    expect(await writer.flush(1)).toBe(false);
  });
});

const MODULE = require.resolve('../../../src/ops/log/line-writer.ts');

/** Runs a script with stderr wired as the shell command says; answers stdout. */
async function run(shell: string, script: string): Promise<string> {
  const head = `import { LineWriter, writeToFd } from ${JSON.stringify(MODULE)};
    const writer = new LineWriter({ write: writeToFd(2), maxBytes: 1 << 20, dropped: (n) => n + ' dropped' });`;
  const child = Bun.spawn(['sh', '-c', shell, process.execPath, head + script], { stdout: 'pipe', stderr: 'ignore' });
  const [out, code] = await Promise.all([child.stdout.text(), child.exited]);
  return `${out.trim()} exit ${code}`;
}

describe('a real stderr', () => {
  test('that nobody reads stops nothing: not the loop, not the end', async () => {
    const script = `
      for (let i = 0; i < 40; i++) writer.write('x'.repeat(100_000));
      let ticks = 0;
      const timer = setInterval(() => ++ticks === 5 && done(), 1);
      async function done() {
        clearInterval(timer);
        const flushed = await writer.flush(10);
        console.log(flushed, writer.dropped > 0);
        process.exit(0);
      }`;
    // The shell holds both ends of the pipe, and reads nothing.
    const pipe = join(mkdtempSync(join(tmpdir(), 'chorus-pipe-')), 'pipe');
    const out = await run(
      `mkfifo ${pipe} && exec 3<>${pipe} && rm -r ${dirname(pipe)} && { "$0" -e "$1" 2>&3; }`,
      script,
    );
    expect(out).toBe('false true exit 0');
  });

  test('whose reader is gone', async () => {
    const out = await run(
      '{ "$0" -e "$1" 2>&1 1>&3 | true; } 3>&1',
      `
      // Until the reader has gone, the pipe takes lines.
      while (writer.dropped === 0) { writer.write('x'); await writer.flush(1000); }
      writer.write('x');
      console.log(writer.dropped);`,
    );
    expect(out).toBe('2 exit 0');
  });

  test('that is closed', async () => {
    const out = await run('"$0" -e "$1" 2>&-', `writer.write('x'); console.log(await writer.flush(1000));`);
    expect(out).toBe('true exit 0');
  });
});
