// The load generator's parts: its flags, its books, and what it sees on the wire in front of the client.

import { describe, expect, test } from 'bun:test';
import { resolve } from 'node:path';
import { Ledger, type MemberBook, type Message } from '../../../src/cli/load/ledger.ts';
import { type LoadOptions, readLoadFlags } from '../../../src/cli/load/options.ts';
import { Outages } from '../../../src/cli/load/outages.ts';
import { isPlain, LoadTexts, numberIn } from '../../../src/cli/load/text.ts';
import { noFaults, WireWatch } from '../../../src/cli/load/wire.ts';

const FILES = 1_024;

function optionsOf(...args: string[]): LoadOptions {
  const flags = readLoadFlags(args, FILES);
  if (!('options' in flags)) throw new Error(JSON.stringify(flags));
  return flags.options;
}

describe('the flags of the load generator', () => {
  test('have defaults', () => {
    expect(optionsOf()).toMatchObject({ servers: ['127.0.0.1:7400'], clients: 100, rooms: 10, ids: true, window: 1 });
    expect(optionsOf('--servers', 'a:1,b:2', '--servers', 'c:3').servers).toEqual(['a:1', 'b:2', 'c:3']);
    expect(optionsOf('--clients', '3').rooms).toBe(3);
    expect(optionsOf('--rate', '0.5', '--reserve', '0.25', '--pid', '1,2')).toMatchObject({
      rate: 0.5,
      reserve: 0.25,
      pids: [1, 2],
    });
  });

  test('say how many are where', () => {
    expect(optionsOf('--rooms', '4', '--members', '5')).toMatchObject({ clients: 20, rooms: 4, publishers: 5 });
    expect(optionsOf('--clients', '9', '--rooms', '2', '--publishers', '2')).toMatchObject({
      clients: 9,
      publishers: 2,
    });
    expect(optionsOf('--rate', 'max').rate).toBe('max');
  });

  test('take servers by TCP, with TLS and by WebSocket', () => {
    const mixed = ['--servers', 'a:1,tls://b:2,ws://c:3/ws,wss://d/ws'];
    expect(optionsOf(...mixed).servers).toEqual(['a:1', 'tls://b:2', 'ws://c:3/ws', 'wss://d/ws']);
    expect(optionsOf('--web').servers).toEqual(['ws://127.0.0.1:7490/ws']);
    expect(optionsOf('--web', '--servers', 'a:1,ws://c:3/ws').servers).toEqual(['ws://a:1/ws', 'ws://c:3/ws']);
  });

  test.each([
    [['--servers', 'here'], '--servers "here"'],
    [['--clients', '0'], '--clients "0"'],
    [['--clients', '1.5'], '--clients "1.5"'],
    [['--clients', '1e3'], '--clients "1e3"'],
    [['--clients', '5000'], 'open files'],
    [['--clients', '5', '--rooms', '6'], '--rooms 6'],
    [['--rate', '0'], '--rate "0"'],
    [['--rate', 'min'], '--rate "min"'],
    [['--rate', '1000000', '--seconds', '3600'], 'messages'],
    [['--members', '4', '--clients', '9'], '--members and --clients'],
    [['--clients', '20', '--rooms', '5', '--publishers', '5'], 'the 4 members of a room'],
    [['--ramp', '11'], '--ramp 11'],
    [['--churn', '-1'], 'churn'],
    [['--rate', 'max', '--ids', 'off'], '--ids off'],
    [['--servers', 'wss://a/ws', '--tls-ca', 'a.pem'], '--tls-ca'],
    [['--size', '8'], '--size "8"'],
    [['--reserve', '1.1'], '--reserve "1.1"'],
    [['--ids', 'maybe'], '--ids "maybe"'],
    [['--patience', '0'], '--patience "0"'],
    [['--ids', 'off', '--reserve', '0.1'], '--ids off'],
    [['--pid', 'me'], '--pid "me"'],
    [['--what\u001b[2J'], 'nknown option'],
    [['word'], 'word'],
  ])('%j is wrong in one line', (args, named) => {
    const flags = readLoadFlags(args, FILES);
    expect('wrong' in flags && flags.wrong).toContain(named);
  });

  test('a wrong one ends the program with 2 and one line', async () => {
    const program = resolve(import.meta.dir, '../../../src/cli/load/load.ts');
    const child = Bun.spawn([process.execPath, program, '--rate', 'fast'], { stdout: 'pipe', stderr: 'pipe' });
    const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    expect([await child.exited, out, err.split('\n').length]).toEqual([2, '', 2]);
  });
});

test('a text says which message it is and how it was sent, in the size that was asked for', () => {
  const texts = new LoadTexts(20);
  expect(texts.make(12_345, false)).toBe('12345.p.xxxxxxxxxxxx');
  expect(numberIn(texts.make(7, true))).toBe(7);
  for (const other of ['', '7', '.p.', 'hello', '7.q.x', '9999999999999.p.x']) expect(numberIn(other)).toBe(-1);
  const bytes = new TextEncoder().encode('-12.p.x-12.r.x');
  expect([isPlain(bytes, 1, 7), isPlain(bytes, 8, 14)]).toEqual([true, false]);
});

const E = 'abc.7';

/** Message `number` of the one room. */
function sent(number: number, sender: number, reserved = false): Message {
  return { number, room: 0, sender, session: 1, reserved, due: number };
}

/** Books for one room with two members; message n is sent by sender n % 2. */
function books(ids = true, messages = 6) {
  const ledger = new Ledger(1, ids);
  const members = [ledger.join(0), ledger.join(0)] as [MemberBook, MemberBook];
  for (let n = 0; n < messages; n++) ledger.send(sent(n, n % 2));
  /** Member `who` is given these messages, from slot 1 on. */
  const give = (who: 0 | 1, ...order: number[]): void => {
    order.forEach((message, i) => {
      ledger.message(members[who], message, E, i + 1);
    });
  };
  const acknowledge = (...order: number[]): void => {
    order.forEach((message, i) => {
      ledger.acknowledge(message, E, i + 1);
    });
  };
  return { ledger, members, give, acknowledge, account: () => ledger.close(() => false) };
}

describe('the books', () => {
  test('balance when everybody has everything', () => {
    const { give, acknowledge, account } = books();
    give(0, 0, 1, 2, 3, 4, 5);
    give(1, 0, 1, 2, 3, 4, 5);
    acknowledge(0, 1, 2, 3, 4, 5);
    expect(account()).toMatchObject({
      sent: 6,
      acknowledged: 6,
      delivered: 12,
      expected: 12,
      doubled: 0,
      outOfOrder: 0,
    });
  });

  test('miss what was acknowledged and not delivered, told or not', () => {
    const { ledger, members, give, acknowledge, account } = books();
    give(0, 0, 1, 2, 3, 4, 5);
    give(1, 0, 1);
    ledger.lost(members[1], E, 3, 4);
    ledger.message(members[1], 4, E, 5);
    acknowledge(0, 1, 2, 3, 4, 5);
    expect(account()).toMatchObject({ delivered: 9, expected: 12, outOfOrder: 0 });
  });

  test('count how often a room went on in another epoch, however many members were told', () => {
    const { ledger, members, give, account } = books();
    give(0, 0, 1);
    give(1, 0, 1);
    for (const member of members) ledger.moved(member, 'abd.8', 3);
    ledger.message(members[0], 2, 'abd.8', 3);
    expect(account().epochs).toBe(1);
  });

  test('owe nothing for what failed', () => {
    const { ledger, give, account } = books(true, 2);
    give(0, 0);
    ledger.fail(0);
    ledger.fail(1);
    expect(account()).toMatchObject({ failed: 2, delivered: 0, expected: 0, unexpected: 1 });
  });

  test('see a message in two slots', () => {
    const { give, acknowledge, account } = books(true, 2);
    give(0, 0, 1, 0);
    give(1, 0, 1, 0);
    acknowledge(0, 1);
    expect(account()).toMatchObject({ delivered: 4, expected: 4, doubled: 2 });
  });

  test('see a slot that comes twice, and one that is leapt over', () => {
    const { ledger, members, account } = books();
    ledger.message(members[0], 0, E, 1);
    ledger.message(members[0], 0, E, 1);
    ledger.message(members[0], 2, E, 3);
    expect(account()).toMatchObject({ doubled: 1, outOfOrder: 1 });
  });

  test('see members who do not agree on a slot', () => {
    const { give, account } = books();
    give(0, 0, 1);
    give(1, 1, 0);
    expect(account().outOfOrder).toBeGreaterThan(0);
    const skipping = books();
    skipping.give(0, 0);
    skipping.ledger.skipped(skipping.members[1], E, 1, 1);
    expect(skipping.account().outOfOrder).toBe(1);
  });

  test('see a sender whose messages changed places, unless it had reserved their numbers', () => {
    const { give, account } = books();
    give(0, 0, 1, 4, 3, 2, 5);
    give(1, 0, 1, 4, 3, 2, 5);
    expect(account().outOfOrder).toBe(1);
    const ledger = new Ledger(1, true);
    const member = ledger.join(0);
    ledger.send(sent(0, 0, true));
    ledger.send(sent(1, 0));
    ledger.message(member, 1, E, 1);
    ledger.message(member, 0, E, 2);
    expect(ledger.close(() => false).outOfOrder).toBe(0);
  });

  test('see an acknowledgement of another slot', () => {
    const { give, acknowledge, account } = books(true, 2);
    give(0, 0, 1);
    give(1, 0, 1);
    acknowledge(1, 0);
    expect(account().outOfOrder).toBe(2);
  });

  test('follow a room from one epoch into the next, and see one that nobody announced', () => {
    const { ledger, members, account } = books();
    ledger.message(members[0], 0, E, 1);
    ledger.moved(members[0], 'abd.8', 2);
    ledger.message(members[0], 1, 'abd.8', 2);
    ledger.message(members[1], 0, E, 1);
    ledger.message(members[1], 1, 'abd.8', 2);
    expect(account()).toMatchObject({ doubled: 0, outOfOrder: 1 });
  });

  test('count without ids what somebody saw, and what a connection that held must have brought', () => {
    const { ledger, give } = books(false, 3);
    give(0, 0);
    expect(ledger.close(({ number }) => number === 1)).toMatchObject({ accepted: 2, expected: 4, delivered: 1 });
  });
});

describe('the books of a long run', () => {
  const LONG = 200_000;
  /** So many messages behind. */
  const BEHIND = 100;
  const LATE = 500;
  /**
   * Runs message by message; the second member is so many behind the first. `disturb` may do something of its own instead
   * of giving message n to the second.
   */
  function run(messages: number, disturb: (ledger: Ledger, second: MemberBook, n: number) => boolean = () => false) {
    const ledger = new Ledger(1, true);
    const [first, second] = [ledger.join(0), ledger.join(0)];
    let most = 0;
    for (let step = 0; step < messages + LATE; step++) {
      if (step < messages) {
        ledger.send(sent(step, step % 7));
        ledger.message(first, step, E, step + 1);
        // Answers come before the last delivery, and long behind it.
        if (step % 2 === 0) ledger.acknowledge(step, E, step + 1);
      }
      const behind = step - BEHIND;
      const has = behind >= 0 && behind < messages;
      if (has && !disturb(ledger, second, behind)) ledger.message(second, behind, E, behind + 1);
      const late = step - LATE;
      if (late % 2 === 1) ledger.acknowledge(late, E, late + 1);
      most = Math.max(most, ledger.open);
    }
    return { account: ledger.close(() => false), most };
  }

  test('keep no more than what is on its way, and forget nothing that counts', () => {
    const { account, most } = run(LONG);
    expect(most).toBeLessThan(2_000);
    const all = { sent: LONG, acknowledged: LONG, accepted: LONG, delivered: 2 * LONG, expected: 2 * LONG };
    expect(account).toMatchObject({ ...all, doubled: 0, outOfOrder: 0, unexpected: 0 });
  });

  test('see one that comes again long after it was final, in its slot and in another one', () => {
    const again = (ledger: Ledger, second: MemberBook, n: number): boolean => {
      if (n === 5_000) ledger.message(second, 3, E, 4);
      if (n === 6_000) ledger.message(second, 3, E, n + 1);
      return n === 6_000;
    };
    expect(run(10_000, again).account).toMatchObject({ doubled: 2, delivered: 19_999, expected: 20_000 });
  });

  test('see what was lost long ago, and a sender whose messages changed places', () => {
    const lose = (ledger: Ledger, second: MemberBook, n: number): boolean => {
      if (n === 100) ledger.lost(second, E, n + 1, n + 1);
      return n === 100;
    };
    expect(run(10_000, lose)).toMatchObject({ account: { delivered: 19_999, expected: 20_000, outOfOrder: 0 } });
    const ledger = new Ledger(1, true);
    const member = ledger.join(0);
    for (let n = 0; n < 5_000; n++) ledger.send(sent(n, 0));
    for (let n = 0; n < 5_000; n++) ledger.message(member, n === 50 ? 51 : n === 51 ? 50 : n, E, n + 1);
    expect(ledger.close(() => false).outOfOrder).toBe(1);
  });

  test('failures that nobody sees do not pile up, and one that comes after all is no fault', () => {
    const ledger = new Ledger(1, true);
    const member = ledger.join(0);
    for (let n = 0; n < 150_000; n++) {
      ledger.send(sent(n, 0));
      ledger.fail(n);
    }
    expect(ledger.open).toBe(100_000);
    ledger.message(member, 7, E, 1);
    expect(ledger.close(() => false)).toMatchObject({ failed: 150_000, unexpected: 1, doubled: 0, accepted: 0 });
  });

  test('a reader who begins lower than those before it has its slots compared, too', () => {
    const ledger = new Ledger(1, true);
    const [first, second] = [ledger.join(0), ledger.join(0)];
    for (let n = 0; n < 3; n++) ledger.send(sent(n, 0));
    ledger.message(first, 1, E, 1_002);
    ledger.message(first, 2, E, 1_003);
    ledger.message(second, 0, E, 1_001);
    ledger.message(second, 2, E, 1_002);
    expect(ledger.close(() => false).outOfOrder).toBe(1);
  });
});

/** What a watch finds in these frames; those with a `!` in front are the client's own. */
function watched(...frames: string[]) {
  const faults = noFaults();
  const watch = new WireWatch(faults);
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(`${text}\n`);
  for (const frame of frames) {
    if (frame.startsWith('!')) watch.sent(bytes(frame.slice(1)));
    else watch.received(bytes(frame));
  }
  watch.finish();
  return faults;
}

const IN = `<RPL_WELCOME,r,n!u@h,7.1,${E},1,1,,>`;
const plain = (seq: number): string => `<CMSG,r,${E},${seq},n,1,${seq}.p.xx,id>`;
const reserved = (seq: number): string => `<CMSG,r,${E},${seq},n,1,${seq}.r.xx,id>`;
const skip = (seq: number): string => `<SKIPSEQUENCE,r,${E},${seq}>`;
const find = (seq: number): string => `!<FINDSEQUENCE,r,${E},${seq}>`;
const CLEAN = noFaults();

describe('on the wire', () => {
  test.each([
    ['slots in their order', [IN, plain(1), plain(2), skip(3), plain(4)]],
    ['a reserved one that comes late', [IN, plain(2), reserved(1), plain(3)]],
    ['one given back late', [IN, plain(2), skip(1)]],
    ['an answer beside the one that came by itself', [IN, plain(2), find(1), reserved(1), reserved(1)]],
    ['one that is pending, and comes', [IN, plain(2), find(1), `<RPL_PENDING,r,${E},1,500>`, reserved(1)]],
    ['a question that is refused', [IN, plain(2), find(1), '<ERR_FLOODING,FINDSEQUENCE,*,slow>', reserved(1)]],
    ['another epoch', [IN, plain(2), `<EPOCH,r,abd.8,9,${E},2>`, `<CMSG,r,abd.8,9,n,1,9.p.x,id>`]],
    ['another stay', [IN, plain(1), `!<JOINROOM,r,${E},1>`, `<RPL_WELCOME,r,n!u@h,7.2,${E},9,1,1,>`, plain(2)]],
    ['no word that is no slot', [IN, '<JOINROOM,r,a!b@c>', '<PONG,x>', '<CMSG,r,zzz.1,5,n,1,5.p.x,id>', plain(1)]],
  ])('%s is no fault', (_, frames) => {
    expect(watched(...frames)).toEqual(CLEAN);
  });

  test('faults are seen', () => {
    expect(watched(IN, plain(1), plain(1))).toEqual({ ...CLEAN, doubled: 1 });
    expect(watched(IN, plain(2), plain(1), plain(1))).toEqual({ ...CLEAN, outOfOrder: 1, doubled: 1 });
    expect(watched(IN, plain(2), find(1), plain(1))).toEqual({ ...CLEAN, foundAgain: 1 });
    expect(watched(IN, plain(2), find(1), reserved(1))).toEqual({ ...CLEAN, foundAgain: 1 });
    expect(watched(IN, plain(9), `!<HISTORY,r,${E},1,8>`, plain(1), plain(2))).toEqual({ ...CLEAN, foundAgain: 2 });
    expect(watched(IN, 'garbage', plain(1))).toEqual({ ...CLEAN, bad: 1 });
  });

  test('what a server says that it left out is none', () => {
    const lagged = [IN, plain(1), `<RPL_LAGGED,r,${E},2,4>`, plain(5), `!<HISTORY,r,${E},2,3>`];
    const answer = [plain(2), plain(3), plain(4), `<RPL_ENDOFHISTORY,r,${E},5>`];
    expect(watched(...lagged, ...answer)).toEqual({ ...CLEAN, lagged: 3 });
    expect(watched(...lagged, ...answer, plain(4))).toEqual({ ...CLEAN, lagged: 3, doubled: 1 });
  });
});

describe('the longest outage', () => {
  test('is the longest time in which something was unanswered and nothing was answered', () => {
    const outages = new Outages(1);
    outages.sent(0, 100);
    outages.taken(0, 110);
    outages.sent(0, 500);
    outages.sent(0, 510);
    outages.taken(0, 560);
    outages.taken(0, 580);
    expect(outages.longestMs(10_000)).toBe(60);
  });

  test('counts what is never answered, and what was given up', () => {
    const outages = new Outages(2);
    outages.sent(0, 0);
    outages.taken(0, 5);
    outages.sent(1, 100);
    expect(outages.longestMs(300)).toBe(200);
    outages.failed(1, 400);
    expect(outages.longestMs(9_000)).toBe(300);
  });
});
