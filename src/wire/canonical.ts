// Canonical text: the one form in which a value is written as an argument, and the way between it and any other form.
// An escape stands before '<', '>', ',' and '\', and before white space which is the first or the last byte of the
// value, and nowhere else. A message travels in the bytes its sender chose where they have this form already.
// The ranges given to this file are arguments as a Frame has them: well-formed, without the white space around them.

import { utf8, utf8Bytes } from '../base/bytes.ts';
import type { Offsets } from './grammar.ts';
import { ARG_CLASS, BACKSLASH, ESCAPES, HIGH, NIL, OWS, PLAIN, VERB_CLASS } from './octets.ts';

/** From here on letters of a verb are in lower case. */
const LOWER_A = 0x61;

/** Whether a frame that was read stands in canonical form: no white space, its verb in upper case, no needless escape. */
export function isCanonicalFrame(frame: Offsets): boolean {
  const { bytes, start, end, verbStart, verbEnd, argc, argStart, argEnd, argEscaped } = frame;
  if (verbStart !== start + 1) return false;
  for (let i = verbStart; i < verbEnd; i++) if ((bytes[i] as number) >= LOWER_A) return false;
  let at = verbEnd;
  for (let i = 0; i < argc; i++) {
    if (argStart[i] !== at + 1) return false;
    at = argEnd[i] as number;
    if (argEscaped[i] !== 0 && !isCanonical(bytes, argStart[i] as number, at)) return false;
  }
  return at + 1 === end;
}

/** Where texts are put together before they are strings. */
const scratch = new Uint8Array(4_096);

/** Whether bytes[start, end) is what a writer would write for the value that it stands for. */
export function isCanonical(bytes: Uint8Array, start: number, end: number): boolean {
  let i = start;
  while (i < end) {
    const kind = ARG_CLASS[bytes[i] as number] as number;
    if (kind === ESCAPES) {
      if (i + 1 >= end || !needsEscape(bytes[i + 1] as number, i === start || i + 2 === end)) return false;
      i += 2;
    } else {
      if (kind !== PLAIN && kind !== HIGH) return false;
      if ((i === start || i + 1 === end) && VERB_CLASS[bytes[i] as number] === OWS) return false;
      i++;
    }
  }
  return true;
}

/** The canonical form of what bytes[start, end) stands for, in a new array. */
export function canonicalize(bytes: Uint8Array, start: number, end: number): Uint8Array<ArrayBuffer> {
  return escapeBytes(unescapeBytes(bytes, start, end));
}

/** The text that bytes[start, end) stands for. */
export function unescapeText(bytes: Uint8Array, start: number, end: number): string {
  const value = end - start <= scratch.length ? scratch : new Uint8Array(end - start);
  return utf8(value, 0, unescapeInto(value, bytes, start, end));
}

/** `text` in canonical form, in a new array. It must not hold NUL. Lone surrogates become U+FFFD. */
export function escapeText(text: string): Uint8Array<ArrayBuffer> {
  return escapeBytes(utf8Bytes(text));
}

/** Whether a byte of a value has to be escaped; `atEdge` when it is the value's first or last. */
export function needsEscape(byte: number, atEdge: boolean): boolean {
  const kind = ARG_CLASS[byte] as number;
  if (kind === PLAIN) return atEdge && VERB_CLASS[byte] === OWS;
  return kind !== HIGH && kind !== NIL;
}

function unescapeBytes(bytes: Uint8Array, start: number, end: number): Uint8Array<ArrayBuffer> {
  const value = new Uint8Array(end - start);
  return value.slice(0, unescapeInto(value, bytes, start, end));
}

/** Writes what bytes[start, end) stands for to the beginning of `value`, which has room for it; its length. */
function unescapeInto(value: Uint8Array, bytes: Uint8Array, start: number, end: number): number {
  let length = 0;
  for (let i = start; i < end; i++) {
    if (bytes[i] === BACKSLASH && i + 1 < end) i++;
    value[length++] = bytes[i] as number;
  }
  return length;
}

function escapeBytes(value: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(value.length * 2);
  let length = 0;
  for (let i = 0; i < value.length; i++) {
    const byte = value[i] as number;
    if (needsEscape(byte, i === 0 || i + 1 === value.length)) bytes[length++] = BACKSLASH;
    bytes[length++] = byte;
  }
  return bytes.slice(0, length);
}
