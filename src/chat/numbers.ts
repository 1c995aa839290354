// Numbers in arguments: plain decimals, in one place. Leading zeros are read as what they mean; signs are not digits.

import { readDecimal } from '../base/bytes.ts';
import type { Frame } from '../wire/scanner.ts';

const DECIMAL = /^[0-9]{1,15}$/;

/** A decimal number from 0 on; -1 for anything else. */
export function parseCount(text: string): number {
  return DECIMAL.test(text) ? Number(text) : -1;
}

/** A decimal number from 1 on; -1 for anything else. */
export function parseFromOne(text: string): number {
  return parseCount(text) || -1;
}

/** Argument `i` as a decimal from 1 on, 0 when it is not given or empty, -1 for anything else. Makes no string. */
export function optionalFromOne(frame: Frame, i: number): number {
  if (i >= frame.argc) return 0;
  const start = frame.argStart[i] as number;
  const end = frame.argEnd[i] as number;
  if (start === end) return 0;
  if (frame.argEscaped[i] !== 0) return parseFromOne(frame.arg(i));
  return readDecimal(frame.bytes, start, end) || -1;
}
