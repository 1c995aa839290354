// The line that is being typed, and the lines that were.

import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { graphemes } from '../../../src/cli/cells.ts';
import { Completer } from '../../../src/cli/chat/completion.ts';
import { Editor } from '../../../src/cli/chat/editor.ts';
import { InputHistory } from '../../../src/cli/chat/input-history.ts';

/** The text with a bar where the cursor is. */
function shown({ text, cursor }: Editor): string {
  return `${text.slice(0, cursor)}|${text.slice(cursor)}`;
}

/** An editor with the cursor where the bar is. */
function editing(marked: string): Editor {
  const editor = new Editor();
  editor.set(marked.slice(marked.indexOf('|') + 1));
  editor.home();
  editor.insert(marked.slice(0, marked.indexOf('|')));
  return editor;
}

describe('the line that is being typed', () => {
  test.each([
    ['ab|c', 'left', 'a|bc'],
    ['ab|c', 'right', 'abc|'],
    ['|abc', 'left', '|abc'],
    ['ab|c', 'home', '|abc'],
    ['a|bc', 'end', 'abc|'],
    ['ab|c', 'backspace', 'a|c'],
    ['ab|c', 'delete', 'ab|'],
    ['one two| three', 'wordLeft', 'one |two three'],
    ['one two |three', 'wordLeft', 'one |two three'],
    ['one| two three', 'wordRight', 'one two| three'],
    ['one two| three', 'killToEnd', 'one two|'],
    ['one two| three', 'killToStart', '| three'],
    ['one two| three', 'killWordLeft', 'one | three'],
    ['one| two three', 'killWordRight', 'one| three'],
    ['a👩‍👩‍👧|b', 'left', 'a|👩‍👩‍👧b'],
    ['a|👩‍👩‍👧b', 'delete', 'a|b'],
    ['漢e\u0301|', 'backspace', '漢|'],
    ['🇩🇪|🇫🇷', 'backspace', '|🇫🇷'],
  ] as const)('%s, %s: %s', (before, act, after) => {
    const editor = editing(before);
    editor[act]();
    expect(shown(editor)).toBe(after);
  });

  test('what was killed comes back, and taking leaves nothing', () => {
    const editor = editing('one two|');
    editor.killWordLeft();
    editor.home();
    editor.yank();
    expect(shown(editor)).toBe('two|one ');
    expect(editor.take()).toBe('twoone ');
    expect(shown(editor)).toBe('|');
  });

  test('holds no more than its bound', () => {
    const editor = new Editor();
    for (let i = 0; i < 40; i++) editor.insert('x'.repeat(1000));
    expect(editor.text).toHaveLength(16 * 1024);
  });

  test('keeps the cursor between characters, whatever is done', () => {
    const acts = fc.constantFrom(
      ...(['left', 'right', 'home', 'end', 'backspace', 'delete', 'wordLeft', 'wordRight'] as const),
      ...(['killToEnd', 'killToStart', 'killWordLeft', 'killWordRight', 'yank'] as const),
    );
    const step = fc.oneof(acts, fc.constantFrom('+a', '+ ', '+漢', '+\u0301', '+👩', '+\u200d', '+👧', '+🇩🇪'));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const editor = new Editor();
        for (const each of steps) {
          if (each.startsWith('+')) editor.insert(each.slice(1));
          else editor[each as 'left']();
          let at = 0;
          const stops = [0, ...graphemes(editor.text).map(({ length }) => (at += length))];
          expect(stops).toContain(editor.cursor);
        }
      }),
    );
  });
});

describe('the lines that were typed', () => {
  test('come back one by one, and at the end what was being typed', () => {
    const history = new InputHistory();
    for (const line of ['one', 'two', 'two', '']) history.add(line);
    expect([history.older('dra'), history.older('two'), history.older('one')]).toEqual(['two', 'one', undefined]);
    expect([history.newer(), history.newer(), history.newer()]).toEqual(['two', 'dra', undefined]);
  });

  test('are bounded', () => {
    const history = new InputHistory();
    for (let i = 0; i < 1000; i++) history.add(`line ${i}`);
    let count = 0;
    while (history.older('') !== undefined) count++;
    expect(count).toBe(200);
  });
});

describe('completing', () => {
  const known = { people: ['bob', 'Bobby', 'cat'], rooms: ['lobby', 'logs', '#dev'] };
  const completed = (marked: string, times = 1, back = false): string => {
    const editor = editing(marked);
    const completer = new Completer();
    for (let i = 0; i < times; i++) completer.complete(editor, known, back);
    return shown(editor);
  };

  test.each([
    ['bo|', 1, 'bob: |'],
    ['bo|', 2, 'Bobby: |'],
    ['bo|', 3, 'bob: |'],
    ['hi C|', 1, 'hi cat |'],
    ['hi c|!', 1, 'hi cat |!'],
    ['/j|', 1, '/join |'],
    ['/join L|', 2, '/join logs |'],
    ['/join |', 3, '/join #dev |'],
    ['/msg |', 1, '/msg bob |'],
    ['/msg bob c|', 1, '/msg bob cat |'],
    ['see #|', 1, 'see #dev |'],
    ['//j|', 1, '//j|'],
    ['zz|', 1, 'zz|'],
    ['|', 1, '|'],
    ['x |', 1, 'x |'],
  ])('%s, %i times: %s', (before, times, after) => {
    expect(completed(before, times)).toBe(after);
  });

  test('goes backwards too, and tells what else fits', () => {
    expect(completed('bo|', 1, true)).toBe('Bobby: |');
    const editor = editing('bo|');
    expect(new Completer().complete(editor, known, false)).toEqual(['bob:', 'Bobby:']);
  });
});

test('a line takes as much as has a place, and says when that was not all', () => {
  const editor = new Editor();
  expect([editor.insert('x'.repeat(10_000)), editor.insert('y'.repeat(10_000))]).toEqual([true, false]);
  expect([editor.text.length, editor.text.slice(9_999, 10_001)]).toEqual([16_384, 'xy']);
});

test('where there is nothing to kill, what was killed before is kept', () => {
  const editor = new Editor();
  editor.insert('kept');
  editor.killToStart();
  editor.killWordLeft();
  editor.yank();
  expect(editor.text).toBe('kept');
});
