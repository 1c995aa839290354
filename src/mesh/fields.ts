// Fields: numbers as they stand in the frames of links, where an argument may also be missing.

import { type ServerId, serverId } from '../base/ids.ts';
import { readNumber } from './identity.ts';

const MOST_ID = 4_294_967_295;

/** A decimal as it is written in one way only; -1 for anything else. */
export function parseCount(text: string | undefined): number {
  return text === undefined ? -1 : readNumber(text);
}

/** A server's id; undefined for anything else. */
export function parseServerId(text: string | undefined): ServerId | undefined {
  const value = parseCount(text);
  return value < 1 || value > MOST_ID ? undefined : serverId(value);
}
