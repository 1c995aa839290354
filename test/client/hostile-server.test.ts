// A server that says anything at any time: every verb that clients know, with arguments that fit and that do not. The client
// core throws nothing, tells its user every outcome once, and ends when it is told to.

import { expect, setDefaultTimeout, test } from 'bun:test';
import { ClientSession } from '../../src/client/session.ts';
import { encodeFrame } from '../../src/wire/writer.ts';
import { Chance } from './chance.ts';

setDefaultTimeout(60_000);

const LONG = process.env.CHORUS_TEST_LONG === '1';
const SEEDS = LONG ? 5_000 : 400;
const FRAMES = 60;

/** What a server may say, each argument by its kind. */
const SHAPES = [
  ...['CMSG r e n u n w i', 'SKIPSEQUENCE r e n', 'EPOCH r e n e n e n n', 'RPL_LAGGED r e n n', 'RPL_SENT r e n i'],
  ...['RPL_WELCOME r u w e n n n w', 'RPL_WELCOME w u w w', 'JOINROOM r u', 'LEAVEROOM r u', 'NICK u u', 'QUIT u w'],
  ...[
    'RPL_MEMBERS r n',
    'PING w',
    'RPL_SERVERS w w',
    'RPL_LIMITS w',
    'LMSG u n w',
    'BMSG u w n w',
    'KILL u w',
    'ERROR w',
  ],
  ...['RPL_ROOMCREATED r e', 'RPL_ULIST r u w w', 'RPL_ENDOFULIST r n', 'NEWSEQUENCE r e n n', 'RPL_PENDING r e n n'],
  ...['RPL_ENDOFHISTORY r e n', 'RPL_LSENT n', 'RPL_LOCATION u u w w n', 'NEWVERB w w'],
  ...['ERR_NOSUCHROOM v r w', 'ERR_NOTINROOM v r w w i', 'ERR_FLOODING v r w w i', 'ERR_ROOMUNAVAILABLE v r w w i'],
  ...['ERR_SEQUENCEGONE v r w e n', 'ERR_NOSUCHSEQUENCE v r w', 'ERR_SEQUENCEEXPIRED v r w w i', 'ERR_NICKINUSE v u w'],
  ...['ERR_ROOMEXISTS v r w', 'ERR_NOSUCHNICK v u w', 'ERR_BADTOKEN v w w'],
].map((shape) => shape.split(' ') as [string, ...string[]]);
const WORDS: Readonly<Record<string, readonly string[]>> = {
  r: ['lobby', 'LOBBY', 'den'],
  e: ['a.1', 'b.1', 'b.2'],
  n: ['0', '1', '2', '3', '9'],
  u: ['ann!u@h', 'eve!u@h', 'ann'],
  i: ['message-1', 'message-2', 'message-3'],
  v: [
    'CSEND',
    'JOINROOM',
    'LEAVEROOM',
    'CREATEROOM',
    'HISTORY',
    'FINDSEQUENCE',
    'GETSEQUENCE',
    'ULIST',
    'LSEND',
    'NICK',
  ],
  w: ['', '*', '?', '-1', '1e3', '9007199254740993', 'a.1.1', 'text=1', 'a:1', 'x y', 'x'.repeat(70_000)],
};
const UNLIKE = 0.06;

/** Plays one seed; what was asked, and how often each was settled. */
function play(seed: number): Map<number, number> {
  const chance = new Chance(seed);
  const pick = <T>(row: readonly T[]): T => row[chance.below(row.length)] as T;
  const session = new ClientSession({ servers: ['a.example:1'], nick: 'ann', limits: { retryMs: 50 } }, chance.word);
  const settled = new Map<number, number>();
  let now = 1_000;
  let messages = 0;
  const asked = (request: number): void => void settled.set(request, 0);
  const take = (): void => {
    for (const event of session.takeEvents()) {
      if (event.kind !== 'done' && event.kind !== 'failed') continue;
      settled.set(event.request, (settled.get(event.request) ?? 0) + 1);
    }
    session.takeOutput();
  };
  const ask: readonly (() => void)[] = [
    () => asked(session.join(pick(['lobby', 'den']), { create: true }, now)),
    () => asked(session.leave(pick(['lobby', 'den']), now)),
    () => asked(session.send('lobby', 'x', now, 0, `message-${++messages}`)),
    () => asked(session.request(pick(['ULIST', 'GETSEQUENCE']), ['lobby'], now)),
    () => asked(session.request('HISTORY', ['lobby', 'a.1', 1, 9], now)),
    () => asked(session.request('LOCATE', ['ann'], now)),
    () => session.cancel(chance.below(settled.size + 1), now),
  ];
  session.start(now);
  for (let i = 0; i < FRAMES; i++) {
    now += chance.below(chance.happens(0.1) ? 20_000 : 200);
    session.tick(now);
    if (chance.happens(0.05)) session.disconnected(now);
    if (session.state === 'dialling') {
      session.connected(now);
      session.receive(encodeFrame('RPL_WELCOME', '*', 'ann!u@h', '1.1', 't'), now);
      session.receive(encodeFrame('RPL_LIMITS', 'text=4096'), now);
    }
    if (chance.happens(0.4)) pick(ask)();
    const [verb, ...kinds] = pick(SHAPES);
    const args = kinds.map((kind) => pick(WORDS[chance.happens(UNLIKE) ? 'w' : kind] as readonly string[]));
    if (chance.happens(UNLIKE)) args.length = chance.below(args.length + 1);
    session.receive(encodeFrame(verb, ...args), now);
    take();
  }
  session.quit('', now);
  session.tick(now + 60_000);
  take();
  expect(session.state).toBe('closed');
  return settled;
}

test('does no harm: nothing is thrown, and everything asked for is settled once', () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const wrong = [...play(seed)].filter(([, times]) => times !== 1);
    expect({ seed, wrong }).toEqual({ seed, wrong: [] });
  }
});
