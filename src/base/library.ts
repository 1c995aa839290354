// The library: a few functions of the system's C library that work on bytes by address, where whoever may open it has
// given them to us. Calling one costs a fifth of a call into the runtime's own, and some are called for every message.
// Without it everything is done in the runtime's ways, with the same result.
//
// What it keeps true: only arrays of stable() are spoken of by address, as the runtime may move the bytes of others;
// and C reads and writes within the arrays that are named, for whoever calls it here has looked.

import { copyBytes } from './bytes.ts';

/** Addresses are numbers that only these functions understand; none of them is 0. */
export interface Library {
  /** Where an array of stable() lies for as long as it is in use. */
  readonly address: (bytes: Uint8Array) => number;
  /** Copies `length` bytes from one address to another (memmove). */
  readonly move: (to: number, from: number, length: number) => void;
  /** Copies the first `length` bytes of any array to an address. */
  readonly load: (to: number, bytes: Uint8Array, length: number) => void;
  /** How many bytes stand at an address before a zero, or before one of those that end with a zero at `marks` (strcspn). */
  readonly span: (at: number, marks: number) => number;
  /** Whether an array is well-formed UTF-8. */
  readonly isUtf8: (bytes: Uint8Array) => boolean;
}

/** What was given; undefined for nothing. */
export const given: { library: Library | undefined } = { library: undefined };

/** The array that copies are mostly made from, and its address, 0 where there is no library. */
let source: Uint8Array = stable(0);
const sourceAt = new Float64Array(1);

/** From now on this library is used; undefined for none. */
export function useLibrary(library: Library | undefined): void {
  given.library = library;
  copiesFrom(source);
}

/** A new array that the runtime never moves. */
export function stable(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new ArrayBuffer(length));
}

/** The address of an array of stable(); 0 where there is no library. */
export function addressOf(bytes: Uint8Array): number {
  return bytes.length === 0 ? 0 : (given.library?.address(bytes) ?? 0);
}

/** Names the one array of stable() from which copies are mostly made. */
export function copiesFrom(bytes: Uint8Array): void {
  source = bytes;
  sourceAt[0] = addressOf(bytes);
}

/** The address of that array; 0 where there is no library. */
export function addressOfSource(): number {
  return sourceAt[0] as number;
}

/** As copyBytes, where `to` is the address of the target, 0 when it is not known. */
export function copyTo(
  target: Uint8Array,
  to: number,
  at: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  copyBetween(target, to, at, bytes, bytes === source ? (sourceAt[0] as number) : 0, start, end);
}

/** As copyTo(), where `from` is the address of the source, 0 when that is not known. */
export function copyBetween(
  target: Uint8Array,
  to: number,
  at: number,
  bytes: Uint8Array,
  from: number,
  start: number,
  end: number,
): void {
  const { library } = given;
  if (library !== undefined && from !== 0 && to !== 0 && end <= bytes.length) {
    library.move(to + at, from + start, end - start);
  } else copyBytes(bytes, start, end, target, at);
}
