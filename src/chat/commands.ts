// The commands of clients: one row and one function a verb. What a row says was checked before its function runs: the
// session's state, the number of arguments, a text that is not empty, the right. The function checks the rest, in
// order: syntax, existence, membership, rate.

import type { Frame } from '../wire/scanner.ts';
import { VerbTable } from '../wire/verbs.ts';
import { ping, pong, quit } from './connection.ts';
import type { Context } from './context.ts';
import { history, map, roomList, userList } from './lists.ts';
import { createRoom, joinRoom, leaveRoom } from './membership.ts';
import { csend, findSequence, getSequence } from './messages.ts';
import { closeServer, kill } from './operators.ts';
import { oper } from './passwords.ts';
import { bsend, locate, lsend } from './people.ts';
import { nick, pass, resume, user } from './registration.ts';
import type { Session } from './session.ts';

/** In which states a command is heard: before registration, after it, or in both. */
export type States = 'new' | 'registered' | 'both';

export interface Command {
  readonly verb: string;
  /** Its place in the table. */
  readonly index: number;
  readonly states: States;
  /** What `states` says, for a look that costs nothing. */
  readonly heardNew: boolean;
  readonly heardRegistered: boolean;
  /** Only for operators whose grants name the verb. */
  readonly granted: boolean;
  /** The fewest arguments. More than a command knows are passed over. */
  readonly arity: number;
  /** The argument that is a text and must not be empty, -1 for none. */
  readonly text: number;
  /** Waits until no send of the session is unanswered. */
  readonly waits: boolean;
  readonly run: (context: Context, session: Session, frame: Frame, now: number) => void;
}

const NO_TEXT = -1;
const ROWS = [
  ['PASS', 'new', 'anybody', 1, NO_TEXT, 'at once', pass],
  ['RESUME', 'new', 'anybody', 2, NO_TEXT, 'at once', resume],
  ['USER', 'new', 'anybody', 4, NO_TEXT, 'at once', user],
  ['NICK', 'both', 'anybody', 1, NO_TEXT, 'waits', nick],
  ['PING', 'both', 'anybody', 0, NO_TEXT, 'at once', ping],
  ['PONG', 'both', 'anybody', 0, NO_TEXT, 'at once', pong],
  ['QUIT', 'both', 'anybody', 0, NO_TEXT, 'waits', quit],
  ['EXIT', 'both', 'anybody', 0, NO_TEXT, 'waits', quit],
  ['CSEND', 'registered', 'anybody', 1, 0, 'at once', csend],
  ['GETSEQUENCE', 'registered', 'anybody', 1, NO_TEXT, 'at once', getSequence],
  ['FINDSEQUENCE', 'registered', 'anybody', 3, NO_TEXT, 'at once', findSequence],
  ['HISTORY', 'registered', 'anybody', 4, NO_TEXT, 'at once', history],
  ['CREATEROOM', 'registered', 'anybody', 1, NO_TEXT, 'at once', createRoom],
  ['JOINROOM', 'registered', 'anybody', 1, NO_TEXT, 'at once', joinRoom],
  ['LEAVEROOM', 'registered', 'anybody', 1, NO_TEXT, 'waits', leaveRoom],
  ['ULIST', 'registered', 'anybody', 1, NO_TEXT, 'at once', userList],
  ['LISTROOMS', 'registered', 'anybody', 0, NO_TEXT, 'at once', roomList],
  ['LSEND', 'registered', 'anybody', 2, 0, 'at once', lsend],
  ['LOCATE', 'registered', 'anybody', 1, NO_TEXT, 'at once', locate],
  ['MAP', 'registered', 'anybody', 0, NO_TEXT, 'at once', map],
  ['OPER', 'registered', 'anybody', 2, NO_TEXT, 'at once', oper],
  ['BSEND', 'registered', 'granted', 2, 1, 'at once', bsend],
  ['KILL', 'registered', 'granted', 2, NO_TEXT, 'at once', kill],
  ['SCLOSE', 'registered', 'granted', 2, NO_TEXT, 'at once', closeServer],
] as const;

export const COMMANDS: readonly Command[] = ROWS.map(([verb, states, who, arity, text, when, run], index) => ({
  verb,
  index,
  states,
  heardNew: states !== 'registered',
  heardRegistered: states !== 'new',
  granted: who === 'granted',
  arity,
  text,
  waits: when === 'waits',
  run,
}));

const VERBS = new VerbTable(COMMANDS.map(({ verb }) => verb));

/** The row of the verb in `frame`; undefined when there is none. */
export function findCommand(frame: Frame): Command | undefined {
  if (frame.found < 0) frame.found = VERBS.find(frame.bytes, frame.verbStart, frame.verbEnd);
  return frame.found < 0 ? undefined : COMMANDS[frame.found];
}
