// What clients are told of a server's limits: the arguments of RPL_LIMITS, always these names in this order.

import { assert } from '../../base/assert.ts';
import { KEYS, type Options, rowOf } from './option-table.ts';

/** The version of the protocol that is spoken to clients. */
export const PROTOCOL_VERSION = 1;

/** How far a message is accepted when its sender hears of it. */
export type AckLevel = Options['ack'];

/** The names in RPL_LIMITS, in their order. `protocol` and `ack` are no options. */
export const ANNOUNCED = [
  'protocol',
  'frame',
  'text',
  'args',
  'nick',
  'room',
  'rooms',
  'targets',
  'ring',
  'ttl',
  'history',
  'presence',
  'ack',
] as const;

/** The names and values of RPL_LIMITS; numbers are plain, times in ms, sizes in bytes. */
export function announcedLimits(options: Options, ack: AckLevel): (readonly [name: string, value: string | number])[] {
  return ANNOUNCED.map((name) => [name, announced(name, options, ack)]);
}

function announced(name: string, options: Options, ack: AckLevel): string | number {
  if (name === 'protocol') return PROTOCOL_VERSION;
  if (name === 'ack') return ack;
  const key = KEYS.find((each) => rowOf(each).announced === name);
  const value = key && options[key];
  assert(typeof value === 'number', `the limit ${name} has no row with a number`);
  return value;
}
