// Faults that tests plant in the source of a real server, where the code has no seam for one: each is one change to one
// source. They stand together here so that one test sees at once whether the code has moved away from any of them.

import type { Change } from './mutants.ts';

const THROW = "throw new Error('planted');";
const BOOM = `if (frame.arg(0) === 'boom') ${THROW}`;
const NAME = 'const name = frame.arg(0);';
const CHECK = '#check(connection: Connection, now: number): void {';

/** Where a fault of ours strikes one connection. */
export const FAULTS = {
  'in a command': { file: 'chat/people.ts', from: NAME, to: `${BOOM} ${NAME}` },
  'in what a bad frame is answered': {
    file: 'chat/chat.ts',
    from: 'badFrame(this.#context.begin(), verb,',
    to: `${THROW} badFrame(this.#context.begin(), verb,`,
  },
  'in the node, before a frame is read': {
    file: 'node/node.ts',
    from: 'connection.heard(now);',
    to: `if (chunk[1] === 90) ${THROW} connection.heard(now);`,
  },
  'in a list that is written as it is taken': {
    file: 'chat/lists.ts',
    from: 'const stop = Math.min(this.#at + ROWS_AT_ONCE, this.#rows.length);',
    to: `${THROW} const stop = Math.min(this.#at + ROWS_AT_ONCE, this.#rows.length);`,
  },
  'in the flush of one outbox': {
    file: 'fanout/outbox.ts',
    from: 'if (!this.blocked && !this.#gone) this.#flushAll(now);',
    to: `if (this.#own?.length === 100) ${THROW} if (!this.blocked && !this.#gone) this.#flushAll(now);`,
  },
  'in the sweep': {
    file: 'node/sweep.ts',
    from: CHECK,
    to: `${CHECK} if (connection.session?.user?.nick === 'boom') ${THROW}`,
  },
  'in the answer to a password': {
    file: 'chat/passwords.ts',
    from: 'const { checking } = session;',
    to: `const { checking } = session; if (checking?.name === 'boom') ${THROW}`,
  },
} as const satisfies Record<string, Change>;

/** What no connection is to blame for; LOCATE brings it about. */
export const UNCAUGHT = {
  'an exception outside of every handler': {
    file: 'chat/people.ts',
    from: NAME,
    to: `setImmediate(() => { ${THROW} }); ${NAME}`,
  },
  'a rejection that nobody handles': {
    file: 'chat/people.ts',
    from: NAME,
    to: `void Promise.reject(new Error('planted')); ${NAME}`,
  },
} as const satisfies Record<string, Change>;

/** A server that starts an hour ahead of everybody. */
export const AHEAD: Change = {
  file: 'ops/life.ts',
  from: 'fate.incarnation ?? birth',
  to: 'fate.incarnation ?? birth + 3_600_000',
};

/** A chat that breaks at a key. */
export const BROKEN_KEY: Change = { file: 'cli/chat/keyboard.ts', from: 'return model.showUnread();', to: THROW };

export const PLANTS: readonly Change[] = [...Object.values(FAULTS), ...Object.values(UNCAUGHT), AHEAD, BROKEN_KEY];
