// What clients are told of a server's limits: the arguments of RPL_LIMITS, always these names in this order.

import { KEYS, type Options, rowOf } from './option-table.ts';

/** The version of the protocol that is spoken to clients. */
export const PROTOCOL_VERSION = 1;

/** How far a message is accepted when its sender hears of it. */
export type AckLevel = 'home' | 'replicated';

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

/** The arguments `name=value` of RPL_LIMITS; numbers are plain, times in ms, sizes in bytes. */
export function announcedLimits(options: Options, ack: AckLevel): string[] {
  return ANNOUNCED.map((name) => {
    if (name === 'protocol') return `protocol=${PROTOCOL_VERSION}`;
    if (name === 'ack') return `ack=${ack}`;
    const key = KEYS.find((each) => rowOf(each).announced === name);
    return `${name}=${key && options[key]}`;
  });
}
