// What limits must be to each other so that a server can keep its promises: a text fits its frame, an answer fits the
// output that may wait, a room's memory holds a message. Each relation has a name for people; one that does not hold
// stops the start.

import { type Given, labelOf } from './given.ts';
import { type OptionKey, type Options, rowOf } from './option-table.ts';

/** What a frame needs beside a text or an echoed argument: the verb, a room, an epoch, numbers, an id, a reason. */
const FRAME_OVERHEAD_BYTES = 256;
/** A code point of a room's name takes at most so many bytes. */
const CODE_POINT_BYTES = 4;

/** A relation between limits. */
export interface Relation {
  /** The options that it ties together, the one to change first. */
  readonly keys: readonly [OptionKey, ...OptionKey[]];
  /** Why it must hold; follows a colon. */
  readonly because: string;
  holds(o: Options): boolean;
}

const relation = (keys: Relation['keys'], because: string, holds: (o: Options) => boolean): Relation => ({
  keys,
  because,
  holds,
});

/** Bytes around the text of the largest CSEND and CMSG. */
const around = (o: Options): number => FRAME_OVERHEAD_BYTES + CODE_POINT_BYTES * o.roomLength + o.nickLength;

export const RELATIONS: readonly Relation[] = [
  relation(
    ['textBytes', 'frameBytes', 'roomLength'],
    'a frame must hold a text, its verb, its room and its id',
    (o) => o.textBytes + around(o) <= o.frameBytes,
  ),
  relation(
    ['textBytes', 'clientFrameBytes', 'roomLength'],
    'a frame to a client must hold a text and all that is said about it',
    (o) => o.textBytes + around(o) <= o.clientFrameBytes,
  ),
  relation(
    ['frameBytes', 'clientFrameBytes'],
    `an answer repeats what was sent and needs ${FRAME_OVERHEAD_BYTES} bytes more`,
    (o) => o.frameBytes + FRAME_OVERHEAD_BYTES <= o.clientFrameBytes,
  ),
  relation(
    ['clientFrameBytes', 'clientOutputBytes'],
    'the output of a client must hold a frame',
    (o) => o.clientFrameBytes <= o.clientOutputBytes,
  ),
  relation(
    ['clientFrameBytes', 'roomBytes'],
    "a room's memory must hold a message",
    (o) => o.clientFrameBytes <= o.roomBytes,
  ),
  relation(
    ['roomBytes', 'roomMemoryBytes'],
    'the memory of all rooms must hold that of one',
    (o) => o.roomBytes <= o.roomMemoryBytes,
  ),
  relation(
    ['roomBytes', 'ringMemoryBytes'],
    'what waits over all rooms must hold one room',
    (o) => o.roomBytes <= o.ringMemoryBytes,
  ),
  relation(
    ['clientFrameBytes', 'pendingBytes'],
    'a message must be able to wait',
    (o) => o.clientFrameBytes <= o.pendingBytes,
  ),
  relation(
    ['registrationFrameBytes', 'frameBytes'],
    'before registration a frame may not be larger than after it',
    (o) => o.registrationFrameBytes <= o.frameBytes,
  ),
  relation(
    ['registrationFrameBytes', 'registrationBytes'],
    'one frame cannot be more than all input',
    (o) => o.registrationFrameBytes <= o.registrationBytes,
  ),
  relation(
    ['registrationFrameBytes', 'unregisteredOutputBytes'],
    `an answer repeats what was sent and needs ${FRAME_OVERHEAD_BYTES} bytes more`,
    (o) => o.registrationFrameBytes + FRAME_OVERHEAD_BYTES <= o.unregisteredOutputBytes,
  ),
  relation(
    ['unregisteredOutputBytes', 'clientOutputBytes'],
    'who is not registered may not have more',
    (o) => o.unregisteredOutputBytes <= o.clientOutputBytes,
  ),
  relation(
    ['targets', 'arguments'],
    'the targets of LSEND and its text are arguments',
    (o) => o.targets + 1 <= o.arguments,
  ),
  relation(
    ['roomsPerUser', 'rooms'],
    'a user cannot be in more rooms than there are',
    (o) => o.roomsPerUser <= o.rooms,
  ),
  relation(
    ['idlePingMs', 'idleTimeoutMs'],
    'a client is asked before it is given up',
    (o) => o.idlePingMs < o.idleTimeoutMs,
  ),
  relation(
    ['reservationWaitMs', 'reservationWaitMaxMs'],
    'the first wait cannot be longer than the longest',
    (o) => o.reservationWaitMs <= o.reservationWaitMaxMs,
  ),
  relation(['idWindow', 'ids'], 'all rooms must hold the ids of one', (o) => o.idWindow <= o.ids),
];

/** How a message names an option: as it was given, and where in a file. */
export type Setting = Pick<Given, 'name' | 'at'>;

/** One line for each relation that `options` break; those of options in `unreadable` are not judged. */
export function brokenRelations(
  options: Options,
  settingOf: (key: OptionKey) => Setting,
  unreadable: ReadonlySet<OptionKey> = new Set(),
): string[] {
  const judged = RELATIONS.filter((each) => !each.keys.some((key) => unreadable.has(key)));
  return judged
    .filter((each) => !each.holds(options))
    .map(({ keys: [first, ...others], because }) => {
      const value = (key: OptionKey): string => rowOf(key).kind.write(options[key]);
      const settings = others.map((key) => {
        const { name, at } = settingOf(key);
        return `${name} ${value(key)}${at === undefined ? '' : ` (${at})`}`;
      });
      settings.unshift(`${labelOf(settingOf(first))} ${value(first)}`);
      return `${settings.slice(0, -1).join(', ')} and ${settings.at(-1)} do not go together: ${because}`;
    });
}
