// The load generator's parts: its flags, its books, and what it sees on the wire in front of the client.

import { describe, expect, test } from 'bun:test';
import { resolve } from 'node:path';
import { createHistogram } from 'node:perf_hooks';
import { Ledger, type MemberBook } from '../../../src/cli/load/ledger.ts';
import { type LoadOptions, readLoadFlags } from '../../../src/cli/load/options.ts';
import { Outages } from '../../../src/cli/load/outages.ts';
import { percentilesOf, type Result, tableOf, verdictOf } from '../../../src/cli/load/report.ts';
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

  test.each([
    [['--servers', 'here'], '--servers "here"'],
    [['--clients', '0'], '--clients "0"'],
    [['--clients', '1.5'], '--clients "1.5"'],
    [['--clients', '1e3'], '--clients "1e3"'],
    [['--clients', '5000'], 'open files'],
    [['--clients', '5', '--rooms', '6'], '--rooms 6'],
    [['--rate', '0'], '--rate "0"'],
    [['--rate', '100000', '--seconds', '3600'], 'messages'],
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

/** Books for one room with two members; message n is sent by sender n % 2. */
function books(ids = true, messages = 6) {
  const ledger = new Ledger(messages, 1, ids);
  const members = [ledger.join(0), ledger.join(0)] as [MemberBook, MemberBook];
  for (let n = 0; n < messages; n++) ledger.send(n, 0, n % 2, false);
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
    const ledger = new Ledger(2, 1, true);
    const member = ledger.join(0);
    ledger.send(0, 0, 0, true);
    ledger.send(1, 0, 0, false);
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
    expect(ledger.close((message) => message === 1)).toMatchObject({ accepted: 2, expected: 4, delivered: 1 });
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

test('the table shows what is wrong, and a run in which nothing was accepted is not good', () => {
  const { account } = books();
  const none = { p50: 0, p90: 0, p99: 0, p999: 0, max: 0 };
  const result: Result = {
    options: optionsOf('--reserve', '0.5', '--pid', '99'),
    interrupted: false,
    elapsedMs: 1_000,
    sendingMs: 1_000,
    account: { ...account(), acknowledged: 1, accepted: 1, expected: 1_234_567, delivered: 1_234_560, epochs: 2 },
    wire: { ...CLEAN, foundAgain: 1 },
    failures: { TIMEOUT: 2 },
    disconnects: 4,
    reconnects: 3,
    resumed: 2,
    epochsTold: 12,
    outageMs: 3_456,
    gaps: 0,
    reservationsRefused: 0,
    delivery: none,
    acknowledgement: none,
    lateness: none,
    generator: { cpuMs: 500, rssBytes: 1_048_576, bytesAClient: 1_024 },
    servers: [{ pid: 99, cpuMs: undefined, rssBytes: undefined }],
  };
  const table = tableOf(result).join('\n');
  expect(table).toMatch(/^lost +8 +7 never came, 1 only when asked for$/m);
  expect(table).toMatch(/^expected +1,234,567$/m);
  expect(table).toMatch(/^reconnects +3 +4 connections lost, 2 sessions taken over$/m);
  expect(table).toMatch(/^epochs +2 +members were told 12 times$/m);
  expect(table).toMatch(/^outage +3\.46 s +the longest of any room$/m);
  expect(table).toMatch(/^server 99 +not known$/m);
  expect(table).toMatch(/^verdict +BAD$/m);
  const nothing = { ...result, wire: CLEAN, account: { ...result.account, accepted: 0, expected: 0, delivered: 0 } };
  expect(verdictOf(nothing)).toMatchObject({ lost: 0, good: false });
});

test('no percentile is above the largest of what was counted', () => {
  const histogram = createHistogram({ lowest: 1, highest: 60_000_000, figures: 2 });
  for (const us of [900, 3_044_001]) histogram.record(us);
  const { p50, p999, max } = percentilesOf(histogram);
  expect(histogram.percentile(99.9)).toBeGreaterThan(histogram.max);
  expect(p50).toBeLessThan(1);
  expect([p999, max]).toEqual([3_044.001, 3_044.001]);
});
