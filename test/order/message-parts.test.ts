// The text and the id of a message, found in its frame whatever is escaped in front of them.

import { expect, test } from 'bun:test';
import { utf8, utf8Bytes } from '../../src/base/bytes.ts';
import { message, readMessage } from '../../src/order/message-parts.ts';
import { encodeFrame } from '../../src/wire/writer.ts';

const TEXTS = ['hello', 'a,b', '<a>', 'ends with \\', ' spaces ', '\\,\\>', 'ünï', ','];
const IDS = ['', '0123456789abcdef', 'a,b>c<d\\e f ', '\\\\\\\\,,,,'];

test.each(TEXTS.flatMap((text) => IDS.map((id) => [text, id] as const)))('%j, %j', (text, id) => {
  const frame = encodeFrame('CMSG', 'Lobby', 'a.1', 7, 'ann', 1_790_000_000_000, text, ...(id === '' ? [] : [id]));
  const bytes = utf8Bytes(`before${utf8(frame, 0, frame.length)}behind`);
  readMessage(bytes, 'before'.length, 'before'.length + frame.length);
  const written = encodeFrame('T', text);
  expect(utf8(bytes, message.textStart, message.textEnd)).toBe(utf8(written, 3, written.length - 2));
  expect(message.id).toBe(id);
});
