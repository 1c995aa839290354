// Several messages of one room on their way at once, on lines that break and with a server that refuses and answers
// out of order: the order of the sender, and every message settled once with the truth.

import { describe, expect, test } from 'bun:test';
import { ClientError } from '../../src/client/client-error.ts';
import type { ClientEvent } from '../../src/client/client-events.ts';
import { Pace, RoomSends } from '../../src/client/room-sends.ts';
import { ClientSession } from '../../src/client/session.ts';
import { Chance } from './chance.ts';
import { Bench, ModelServer, type Refusal } from './model-server.ts';

function sends(window: number, late = false) {
  let now = 0;
  const wire: string[] = [];
  const settled: string[] = [];
  const out = {
    transmit: ({ id }: { id: string }) => wire.push(id),
    settled: (request: number, outcome: unknown) => {
      const error = outcome instanceof ClientError ? outcome : undefined;
      settled.push(`${request} ${error === undefined ? 'sent' : `${error.code}${error.outcomeUnknown ? '?' : ''}`}`);
    },
  };
  const room = new RoomSends(out, new Pace(100, 1_000, () => 2 ** 31), { window, late });
  room.open(0);
  const add = (count: number): void => {
    for (let i = 1; i <= count; i++) room.add({ request: i, text: 't', seq: 0, id: `m${i}`, until: 60_000 }, 0);
  };
  const sent = (...ids: string[]): void => {
    for (const id of ids) room.sent(id, ['r', 'e.1', '1', id], now);
  };
  const refuse = (code: `ERR_${string}`, ...ids: string[]): void => {
    for (const id of ids) room.refused(id, new ClientError(code, 'no'), now);
  };
  /** What went out since the last look. */
  const taken = (): string => wire.splice(0).join(' ');
  /** The wait after a refusal passes. */
  const pass = (): void => {
    now = 10_000;
    room.tick(now);
  };
  return { room, add, sent, refuse, taken, settled, pass };
}

describe('a message that is given up', () => {
  test('is never sent when it waited, and is doubtful when it was on its way; the others keep their order', () => {
    const { room, add, sent, taken, settled } = sends(2);
    add(4);
    expect(taken()).toBe('m1 m2');
    expect([3, 1, 1, 9].map((request) => room.cancel(request, 0))).toEqual([true, true, false, false]);
    expect(taken()).toBe('m4');
    sent('m1', 'm2', 'm4');
    expect(settled).toEqual(['3 ABORTED', '1 ABORTED?', '2 sent', '4 sent']);
    expect(room.size).toBe(0);
  });

  test('holds nothing up when it was refused for now', () => {
    const { room, add, refuse, taken, settled, pass } = sends(1);
    add(2);
    refuse('ERR_FLOODING', 'm1');
    taken();
    room.cancel(1, 0);
    expect(taken()).toBe('');
    pass();
    expect(taken()).toBe('m2');
    expect(settled).toEqual(['1 ABORTED?']);
  });
});

describe('with a window above 1', () => {
  test('messages go out without waiting for each other', () => {
    const { add, sent, taken } = sends(3);
    add(5);
    expect(taken()).toBe('m1 m2 m3');
    sent('m1', 'm2');
    expect(taken()).toBe('m4 m5');
  });

  test('behind a refused one nothing new goes out; nobody was accepted behind it, so all go again in order', () => {
    const { add, sent, refuse, taken, settled, pass } = sends(3);
    add(5);
    taken();
    sent('m1');
    expect(taken()).toBe('m4');
    refuse('ERR_FLOODING', 'm2', 'm3');
    expect(taken()).toBe('');
    refuse('ERR_FLOODING', 'm4');
    expect(taken()).toBe('');
    pass();
    // One at first, and one more for each that is accepted.
    expect(taken()).toBe('m2');
    sent('m2');
    expect(taken()).toBe('m3 m4');
    sent('m3', 'm4', 'm5');
    expect(settled).toEqual(['1 sent', '2 sent', '3 sent', '4 sent', '5 sent']);
  });

  test.each([
    ['ERR_SEQUENCEEXPIRED', '1 ERR_SEQUENCEEXPIRED'],
    ['ERR_BADARGUMENT', '1 ERR_BADARGUMENT?'],
  ] as const)('%s behind a doubtful answer is %s', (code, outcome) => {
    const { add, refuse, taken, settled, pass } = sends(1);
    add(1);
    refuse('ERR_ROOMUNAVAILABLE', 'm1');
    pass();
    expect(taken()).toBe('m1 m1');
    refuse(code, 'm1');
    expect(settled).toEqual([outcome]);
  });

  test('a row of refusals is one reason to slow down', () => {
    const { room, add, refuse, taken } = sends(4);
    add(4);
    taken();
    refuse('ERR_FLOODING', 'm1', 'm2', 'm3', 'm4');
    room.tick(99);
    expect(taken()).toBe('');
    room.tick(126);
    expect(taken()).toBe('m1');
  });

  test('one that was overtaken fails and is never sent again', () => {
    const { add, sent, refuse, taken, settled, pass } = sends(3);
    add(4);
    refuse('ERR_FLOODING', 'm1');
    sent('m2');
    expect(settled).toEqual(['2 sent', '1 OVERTAKEN']);
    sent('m3');
    pass();
    expect(taken()).toBe('m1 m2 m3 m4');
  });

  test('one that was overtaken before its own refusal came fails too', () => {
    const { add, sent, refuse, settled } = sends(3);
    add(3);
    sent('m2');
    refuse('ERR_FLOODING', 'm1');
    expect(settled).toEqual(['2 sent', '1 OVERTAKEN']);
  });

  test('what is not available may have been taken: nothing in front of it goes again', () => {
    const { add, refuse, taken, settled, pass } = sends(3);
    add(3);
    taken();
    refuse('ERR_FLOODING', 'm1');
    refuse('ERR_ROOMUNAVAILABLE', 'm2', 'm3');
    expect(settled).toEqual(['1 OVERTAKEN', '2 UNKNOWN_OUTCOME?']);
    pass();
    expect(taken()).toBe('m3');
  });

  test('the same when the answers come the other way round', () => {
    const { add, refuse, taken, settled, pass } = sends(2);
    add(2);
    taken();
    refuse('ERR_ROOMUNAVAILABLE', 'm2');
    refuse('ERR_FLOODING', 'm1');
    expect(settled).toEqual(['1 OVERTAKEN']);
    pass();
    expect(taken()).toBe('m2');
  });

  test('of those on their way when the connection is lost only the last one goes again', () => {
    const { room, add, sent, taken, settled } = sends(3);
    add(5);
    sent('m1');
    taken();
    room.close();
    expect(settled).toEqual(['1 sent', '2 UNKNOWN_OUTCOME?', '3 UNKNOWN_OUTCOME?']);
    room.open(0);
    expect(taken()).toBe('m4 m5');
  });

  test('one that was overtaken and not answered when the connection is lost goes no more', () => {
    const { room, add, sent, taken, settled } = sends(2);
    add(2);
    sent('m2');
    taken();
    room.close();
    room.open(0);
    expect([settled, taken()]).toEqual([['2 sent', '1 UNKNOWN_OUTCOME?'], '']);
  });

  test('late ones are sent again, whatever came before them', () => {
    const { room, add, sent, refuse, taken, settled, pass } = sends(3, true);
    add(4);
    refuse('ERR_FLOODING', 'm1');
    sent('m2');
    taken();
    sent('m3');
    expect(taken()).toBe('');
    pass();
    expect(taken()).toBe('m1 m4');
    room.close();
    room.open(10_000);
    expect(taken()).toBe('m1 m4');
    expect(settled).toEqual(['2 sent', '3 sent']);
  });

  test('while one is refused nothing new passes it, however many behind it are accepted', () => {
    const { add, sent, refuse, taken, pass } = sends(5, true);
    add(6);
    refuse('ERR_FLOODING', 'm1');
    taken();
    sent('m2', 'm3', 'm4');
    pass();
    expect(taken()).toBe('');
    sent('m5');
    expect(taken()).toBe('m1 m6');
  });

  test('a refusal for good after a try that nobody answered leaves the outcome open', () => {
    const { room, add, refuse, settled } = sends(1);
    add(1);
    room.close();
    room.open(0);
    refuse('ERR_NOTINROOM', 'm1');
    expect(settled).toEqual(['1 ERR_NOTINROOM?']);
  });
});

describe('random refusals, cuts and answers out of order', () => {
  for (const late of [false, true]) {
    test(late ? 'late: everything arrives once' : 'the order of each sender, and every outcome true', () => {
      const totals = { done: 0, overtaken: 0, unknown: 0, moved: 0 };
      for (let seed = 1; seed <= 60; seed++) playSeed(seed, late, totals);
      expect(totals.done).toBeGreaterThan(2_000);
      if (late) {
        expect(totals.moved).toBeGreaterThan(50);
        expect(totals.overtaken + totals.unknown).toBe(0);
      } else {
        expect(Math.min(totals.overtaken, totals.unknown)).toBeGreaterThan(50);
        expect(totals.moved).toBe(0);
      }
    }, 30_000);
  }
});

interface Totals {
  done: number;
  overtaken: number;
  unknown: number;
  moved: number;
}

/** Two people who send faster than the line answers. */
function playSeed(seed: number, late: boolean, totals: Totals): void {
  const chance = new Chance(seed);
  const server = new ModelServer();
  const refusals: Refusal[] = ['flooding', 'unavailable-before', 'unavailable-after'];
  let calm = false;
  server.refuse = () => (!calm && chance.happens(0.1) ? (refusals[chance.below(3)] as Refusal) : 'no');
  server.holdAnswer = () => !calm && chance.happens(0.3);
  const people = ['ann', 'bob'].map((nick) => {
    const limits = { sendWindow: 2 + chance.below(6), paceMs: 20, paceMaxMs: 200, retryMs: 50, retryMaxMs: 500 };
    const overtaken = late ? ('late' as const) : ('fail' as const);
    const session = new ClientSession({ servers: ['a.example:1'], nick, limits, overtaken }, chance.word);
    return { session, bench: new Bench(server, session), events: [] as ClientEvent[], sent: [] as [number, string][] };
  });
  let now = 1_000;
  for (const { session } of people) {
    session.start(now);
    session.join('lobby', { create: true }, now);
  }
  const step = (): void => {
    now += 1 + chance.below(20);
    for (const { session, bench, events } of people) {
      if (calm || chance.happens(0.1)) bench.side?.releaseAnswers();
      bench.step(now, calm ? 0 : 1 + chance.below(400));
      events.push(...session.takeEvents());
    }
  };
  for (let i = 0; i < 800; i++) {
    const { session, bench, sent } = people[chance.below(2)] as (typeof people)[0];
    for (let n = chance.happens(0.04) ? chance.below(8) : 0; n > 0; n--) {
      const text = `${seed}/${i}/${n}`;
      sent.push([session.send('lobby', text, now), text]);
    }
    if (chance.happens(0.01)) bench.cut(now, chance.happens(0.7));
    step();
  }
  calm = true;
  for (let i = 0; i < 800; i++) step();
  const log = (server.rooms.get('lobby')?.log ?? []).map(({ text }) => text);
  const place = new Map(log.map((text, i) => [text, i]));
  const where = `seed ${seed}`;
  expect(place.size, where).toBe(log.length);
  for (const { events, sent } of people) {
    for (const [request, text] of sent) {
      const [settled, ...more] = events.filter(
        (e) => (e.kind === 'done' || e.kind === 'failed') && e.request === request,
      );
      expect(more, `${where}: ${text}`).toEqual([]);
      if (settled?.kind === 'done') {
        totals.done++;
        expect(place.has(text), `${where}: ${text}`).toBe(true);
      } else if (settled?.kind === 'failed') {
        expect(['OVERTAKEN', 'UNKNOWN_OUTCOME'], `${where}: ${text}`).toContain(settled.error.code);
        if (settled.error.outcomeUnknown) totals.unknown++;
        else {
          totals.overtaken++;
          expect(place.has(text), `${where}: ${text} was said not to have arrived`).toBe(false);
        }
      } else expect(settled, `${where}: ${text} was never settled`).toBeDefined();
    }
    const places = sent.map(([, text]) => place.get(text)).filter((at) => at !== undefined);
    places.forEach((at, i) => {
      if (at < (places[i - 1] ?? -1)) totals.moved++;
    });
  }
}
