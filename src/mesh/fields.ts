// Fields: numbers as they stand in the frames of links, where an argument may also be missing.

import { safeDecimal } from '../base/bytes.ts';
import { type ServerId, serverId } from '../base/ids.ts';
import type { Frame } from '../wire/scanner.ts';
import { readNumber } from './identity.ts';

/** The highest id of a server. */
export const MOST_ID = 4_294_967_295;
const ZERO = 0x30;

/** A decimal as it is written in one way only; -1 for anything else. */
export function parseCount(text: string | undefined): number {
  return text === undefined ? -1 : readNumber(text);
}

/** Argument `i` as a decimal that is written in one way only; -1 for anything else. */
export function decimalAt({ bytes, argc, argStart, argEnd }: Frame, i: number): number {
  if (i >= argc) return -1;
  const [start, end] = [argStart[i] as number, argEnd[i] as number];
  return bytes[start] === ZERO && end - start > 1 ? -1 : safeDecimal(bytes, start, end);
}

/** A server's id; undefined for anything else. */
export function parseServerId(text: string | undefined): ServerId | undefined {
  const value = parseCount(text);
  return value < 1 || value > MOST_ID ? undefined : serverId(value);
}
