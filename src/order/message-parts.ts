// The parts of a CMSG frame that a copy of a room needs to tell repetitions by: the text as it travels, and the id.
// The frame was written by a server of this network, so it is in canonical form and has all its arguments.

import { unescapeText } from '../wire/canonical.ts';
import { BACKSLASH, COMMA, GREATER } from '../wire/octets.ts';

/** The commas in front of the text: `<CMSG,room,epoch,seq,nick,time,text[,id]>`. */
const BEFORE_TEXT = 6;

/** Where the text of the frame read last stands. */
export const message: { textStart: number; textEnd: number; id: string } = { textStart: 0, textEnd: 0, id: '' };

/** Fills `message` with the parts of the CMSG frame bytes[start, end). */
export function readMessage(bytes: Uint8Array, start: number, end: number): void {
  let at = start;
  for (let commas = 0; commas < BEFORE_TEXT && at < end; commas++) at = argumentEnd(bytes, at, end) + 1;
  message.textStart = at;
  message.textEnd = argumentEnd(bytes, at, end);
  message.id = '';
  if (bytes[message.textEnd] !== COMMA) return;
  const from = message.textEnd + 1;
  message.id = unescapeText(bytes, from, argumentEnd(bytes, from, end));
}

function argumentEnd(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && bytes[at] !== COMMA && bytes[at] !== GREATER) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
}
