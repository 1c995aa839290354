import { expect, test } from 'bun:test';
import { stable } from '../../src/base/library.ts';
import { openLibrary } from '../../src/net/library.ts';

const library = openLibrary();

test.skipIf(process.platform !== 'linux')('there is a library on Linux, and it is opened once', () => {
  expect(library).toBeDefined();
  expect(openLibrary()).toBe(library);
});

test.skipIf(library === undefined)('it copies, also where source and target overlap', () => {
  if (library === undefined) return;
  const bytes = stable(10);
  bytes.set(Buffer.from('0123456789'));
  const at = library.address(bytes);
  library.move(at + 2, at, 5);
  expect(Buffer.from(bytes).toString()).toBe('0101234789');
  library.load(at + 7, Buffer.from('abcd'), 3);
  expect(Buffer.from(bytes).toString()).toBe('0101234abc');
});

test.skipIf(library === undefined)('it finds the first of some bytes, or the zero at the end', () => {
  if (library === undefined) return;
  const bytes = stable(40);
  bytes.set(Buffer.from(`${'x'.repeat(20)},${'y'.repeat(10)}`));
  const marks = stable(3);
  marks.set(Buffer.from('>,'));
  const [at, marksAt] = [library.address(bytes), library.address(marks)];
  expect([library.span(at, marksAt), library.span(at + 20, marksAt), library.span(at + 21, marksAt)]).toEqual([
    20, 0, 10,
  ]);
});

test.skipIf(library === undefined)('it tells UTF-8 from what is not', () => {
  const texts = ['', 'plain', 'é€😀'].map((text) => library?.isUtf8(Buffer.from(text)));
  expect(texts).toEqual([true, true, true]);
  expect(library?.isUtf8(Buffer.from([0x61, 0xc3]))).toBe(false);
});
