// Every command in every state with every number of arguments, against what is written here and nowhere else.

import { describe, expect, test } from 'bun:test';
import { COMMANDS } from '../../src/chat/commands.ts';
import { type Client, World } from './world.ts';

/** Verb: when it is heard, for whom, the fewest and the most arguments, and the text that must not be empty. */
const EXPECTED: Record<string, readonly [when: 'before' | 'after' | 'always', who: 'all' | 'opers', ...number[]]> = {
  PASS: ['before', 'all', 1, 1],
  RESUME: ['before', 'all', 2, 2],
  USER: ['before', 'all', 4, 4],
  NICK: ['always', 'all', 1, 1],
  PING: ['always', 'all', 0, 2],
  PONG: ['always', 'all', 0, 2],
  QUIT: ['always', 'all', 0, 1],
  EXIT: ['always', 'all', 0, 1],
  CREATEROOM: ['after', 'all', 1, 1],
  JOINROOM: ['after', 'all', 1, 3],
  LEAVEROOM: ['after', 'all', 1, 1],
  ULIST: ['after', 'all', 1, 1],
  LISTROOMS: ['after', 'all', 0, 0],
  GETSEQUENCE: ['after', 'all', 1, 1],
  CSEND: ['after', 'all', 1, 4, 0],
  FINDSEQUENCE: ['after', 'all', 3, 3],
  HISTORY: ['after', 'all', 4, 4],
  LSEND: ['after', 'all', 2, 5, 0],
  BSEND: ['after', 'opers', 2, 2, 1],
  LOCATE: ['after', 'all', 1, 1],
  MAP: ['after', 'all', 0, 0],
  OPER: ['after', 'all', 2, 2],
  KILL: ['after', 'opers', 2, 2],
  SCLOSE: ['after', 'opers', 2, 3],
};
const STATES = {
  new: (world: World): Client => world.connect(),
  registered: (world: World): Client => world.user('me'),
  operator: (world: World): Client => world.operator('me', 'root'),
  'an operator without the grant': (world: World): Client => {
    const client = world.operator('me', 'half');
    client.session.operator = { name: 'half', hash: '', grants: new Set() };
    return client;
  },
} as const;
const REFUSALS =
  /^<(ERR_(?:UNKNOWNCOMMAND|NOTREGISTERED|ALREADYREGISTERED|NEEDMOREPARAMS|NOPRIVILEGES)),([A-Z]+),\*,[^,]+[,>]/;

function expected(verb: string, state: keyof typeof STATES, args: readonly string[]): string {
  const [when, who, fewest = 0, , text = -1] = EXPECTED[verb] ?? ['always', 'all'];
  if (state === 'new' && when === 'after') return 'ERR_NOTREGISTERED';
  if (state !== 'new' && when === 'before') return 'ERR_ALREADYREGISTERED';
  if (args.length < fewest || args[text] === '') return 'ERR_NEEDMOREPARAMS';
  if (who === 'opers' && state !== 'operator') return 'ERR_NOPRIVILEGES';
  return 'runs';
}

/** What became of a command: the refusal that comes before any command runs, or that it ran. */
function outcome(state: keyof typeof STATES, verb: string, args: readonly string[]): string {
  const client = STATES[state](new World());
  const answer = client.ask(`<${[verb, ...args].join(',')}>`)[0] ?? '';
  const [, name, named] = REFUSALS.exec(answer) ?? [];
  if (name === undefined) return 'runs';
  expect(named).toBe(verb);
  return name;
}

test('both tables name the same commands', () => {
  expect(COMMANDS.map(({ verb }) => verb).sort()).toEqual(Object.keys(EXPECTED).sort());
});

describe.each(Object.keys(STATES) as (keyof typeof STATES)[])('%s', (state) => {
  test.each(COMMANDS.map(({ verb }) => verb))('%s', (verb) => {
    const most = EXPECTED[verb]?.[3] ?? 0;
    for (let count = 0; count <= most + 1; count++) {
      for (const value of ['x', '', '1', '\\,']) {
        const args = Array<string>(count).fill(value);
        expect([args, outcome(state, verb, args)]).toEqual([args, expected(verb, state, args)]);
      }
    }
  });

  test('a verb is the same in any case', () => {
    for (const { verb } of COMMANDS) {
      const client = STATES[state](new World());
      expect(client.ask(`<${verb.toLowerCase()}>`).join()).not.toContain('UNKNOWN');
    }
  });

  test('an unknown verb is refused before all else', () => {
    expect(outcome(state, 'NOSUCH', [])).toBe('ERR_UNKNOWNCOMMAND');
    expect(outcome(state, 'CSENDX', ['x'])).toBe('ERR_UNKNOWNCOMMAND');
  });
});
