// What terminals send, as keys, text and pastes, however it is cut into chunks.

import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { type Input, KeyDecoder } from '../../../src/cli/chat/keys.ts';

const ESC = '\u001b';

function decode(...chunks: readonly string[]): Input[] {
  const decoder = new KeyDecoder();
  return [...chunks.flatMap((chunk) => decoder.feed(chunk)), ...decoder.flush()];
}

/** Text that stands beside text is one text. */
function whole(inputs: readonly Input[]): Input[] {
  const all: Input[] = [];
  for (const input of inputs) {
    const last = all.at(-1);
    if (input.kind === 'text' && last?.kind === 'text') all[all.length - 1] = { ...last, text: last.text + input.text };
    else all.push(input);
  }
  return all;
}

const key = (name: string): Input => ({ kind: 'key', key: name });

test.each([
  ['\r', 'enter'],
  ['\t', 'tab'],
  [`${ESC}[Z`, 'shift-tab'],
  ['\u007f', 'backspace'],
  ['\u0001', 'ctrl-a'],
  ['\u001a', 'ctrl-z'],
  [`${ESC}[A`, 'up'],
  [`${ESC}OA`, 'up'],
  [`${ESC}[5~`, 'page-up'],
  [`${ESC}[6~`, 'page-down'],
  [`${ESC}[3~`, 'delete'],
  [`${ESC}[H`, 'home'],
  [`${ESC}[4~`, 'end'],
  [`${ESC}[1;3D`, 'alt-left'],
  [`${ESC}[1;3C`, 'alt-right'],
  [`${ESC}[1;5C`, 'ctrl-right'],
  [`${ESC}1`, 'alt-1'],
  [`${ESC}b`, 'alt-b'],
  [`${ESC}\u007f`, 'alt-backspace'],
  [ESC, 'escape'],
])('%j is %s', (sent, name) => {
  expect(decode(sent)).toEqual([key(name)]);
});

test.each([`${ESC}[99~`, `${ESC}[I`, `${ESC}[<0;1;1M`, `${ESC}Oz`, '\u0000', `${ESC}é`])(
  '%j is no key of ours',
  (sent) => {
    expect(decode(`${sent}x`)).toEqual([{ kind: 'text', text: 'x' }]);
  },
);

test('ESC by itself is a key when nothing follows, and the beginning of one when something does', () => {
  const decoder = new KeyDecoder();
  expect(decoder.feed(ESC)).toEqual([]);
  expect(decoder.isWaiting).toBe(true);
  expect(decoder.flush()).toEqual([key('escape')]);
  expect(decoder.feed(ESC)).toEqual([]);
  expect(decoder.feed('[A')).toEqual([key('up')]);
  expect(decoder.isWaiting).toBe(false);
  expect(decode(`${ESC}${ESC}[A`)).toEqual([key('escape'), key('up')]);
});

describe('a paste', () => {
  test('is one input, keys in it are none, and it may come in any pieces', () => {
    const text = 'one\r/quit\ttwo\u0003\u001b[A three';
    const sent = `a${ESC}[200~${text}${ESC}[201~b`;
    const wanted = [
      { kind: 'text', text: 'a' },
      { kind: 'paste', text, cut: false },
      { kind: 'text', text: 'b' },
    ] as const;
    expect(decode(sent)).toEqual([...wanted]);
    expect(decode(...sent)).toEqual([...wanted]);
  });

  test('that never ends takes no more memory than its bound', () => {
    const decoder = new KeyDecoder();
    decoder.feed(`${ESC}[200~`);
    for (let i = 0; i < 64; i++) decoder.feed('x'.repeat(16_384));
    const [paste] = decoder.feed(`${ESC}[201~`);
    expect(paste).toMatchObject({ kind: 'paste', cut: true });
    expect(paste?.kind === 'paste' && paste.text.length).toBe(64 * 1024);
  });
});

test('however it is cut into chunks, the same comes of it', () => {
  const piece = fc.constantFrom(
    'a',
    'é',
    '漢',
    '\r',
    '\u0001',
    `${ESC}[A`,
    `${ESC}[1;5C`,
    `${ESC}1`,
    `${ESC}[200~x\ry${ESC}[201~`,
  );
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const sent = pieces.join('');
      expect(whole(decode(...sent))).toEqual(whole(decode(sent)));
    }),
  );
});

test('no bytes at all make it throw, hang, or give text with a control character', () => {
  const bytes = fc.array(
    fc.oneof(fc.constantFrom(ESC, '[', 'O', ';', '2', '0', '~', '\u009b'), fc.string({ unit: 'binary' })),
  );
  fc.assert(
    fc.property(bytes, (chunks) => {
      for (const input of decode(...chunks)) if (input.kind === 'text') expect(input.text).not.toMatch(/\p{Cc}/u);
    }),
  );
});
