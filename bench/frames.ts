// The frames that the benches read and write.

import { utf8Bytes } from '../src/base/bytes.ts';

/** The size of the chunks that a busy connection brings. */
export const CHUNK_BYTES = 65_536;

const TEXT = 'general Kenobi, you are a bold one today, and I have the high ground; ';

/** A CSEND with its LF, `bytes` long in all (at least 20). Its text is canonical: commas are escaped. */
export function csend(bytes: number): string {
  // What every client types, and from 60 bytes on what a careful one does: the room is named, an id comes along.
  const tail = bytes < 60 ? '>\n' : ',lobby,,a1b2c3d4>\n';
  const room = bytes - '<CSEND,'.length - tail.length;
  let text = '';
  while (text.length < room) text += TEXT.replaceAll(',', '\\,');
  text = text.slice(0, room);
  // A text that ends in a backslash or in a space would not be what it looks like.
  if (text.endsWith('\\') || text.endsWith(' ')) text = `${text.slice(0, -1)}x`;
  return `<CSEND,${text}${tail}`;
}

export interface Stream {
  readonly chunk: Uint8Array;
  readonly frames: number;
}

/** A chunk full of whole copies of `frame`. */
export function streamOf(frame: string, bytes: number = CHUNK_BYTES): Stream {
  const frames = Math.max(1, Math.floor(bytes / frame.length));
  return { chunk: utf8Bytes(frame.repeat(frames)), frames };
}
