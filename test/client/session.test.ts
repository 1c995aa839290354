import { describe, expect, test } from 'bun:test';
import type { ClientEvent } from '../../src/client/client-events.ts';
import type { ClientOptions } from '../../src/client/client-options.ts';
import { ClientSession } from '../../src/client/session.ts';
import { Chance } from './chance.ts';
import { Bench, ModelServer, type Refusal } from './model-server.ts';

function start(server: ModelServer, options: Partial<ClientOptions> = {}, seed = 1) {
  const session = new ClientSession({ servers: ['a.example:1'], nick: 'ann', ...options }, new Chance(seed).word);
  const bench = new Bench(server, session);
  const events: ClientEvent[] = [];
  let now = 1_000;
  session.start(now);
  /** Lets `ms` pass in steps of `stepMs`. */
  const run = (ms = 50, stepMs = 5): ClientEvent[] => {
    const before = events.length;
    for (const end = now + ms; now < end; now += stepMs) {
      bench.step(now);
      events.push(...session.takeEvents());
    }
    return events.slice(before);
  };
  const outcome = (request: number): ClientEvent | undefined =>
    events.find((event) => (event.kind === 'done' || event.kind === 'failed') && event.request === request);
  return { session, bench, events, run, outcome, now: () => now };
}

function errorOf(event: ClientEvent | undefined): string {
  return event?.kind === 'failed' ? event.error.code : `not failed: ${JSON.stringify(event)}`;
}

describe('a client session', () => {
  test('registers, makes a room, sends to it and reads it', () => {
    const server = new ModelServer();
    const { session, run, outcome, events, now } = start(server);
    const joined = session.join('Lobby', { create: true }, now());
    run();
    const sent = session.send('lobby', 'hello, <all>', now());
    run();
    expect(outcome(joined)?.kind).toBe('done');
    const { epoch = '', log = [] } = server.rooms.get('lobby') ?? {};
    expect(outcome(sent)).toEqual({ kind: 'done', request: sent, lines: [['Lobby', epoch, '1', log[0]?.id ?? '']] });
    expect(events.filter(({ kind }) => kind === 'message')).toMatchObject([
      { seq: 1, nick: 'ann', text: 'hello, <all>' },
    ]);
  });

  test('a taken nickname is varied, unless that is not wanted', () => {
    const server = new ModelServer();
    start(server).run();
    const second = start(server);
    second.run();
    expect(second.session.nick).toBe('ann_');
    const third = start(server);
    third.run();
    expect(third.session.nick).toBe('ann__');
    const strict = start(server, { otherNicks: false });
    strict.run();
    expect(strict.events.at(-1)).toMatchObject({ kind: 'closed', error: { code: 'ERR_NICKINUSE' } });
    expect(strict.session.dial).toBeUndefined();
  });

  test('a cut that the server has not noticed costs neither the nickname nor a message', () => {
    const server = new ModelServer();
    const { session, bench, run, events, outcome, now } = start(server);
    session.join('lobby', { create: true }, now());
    run();
    bench.cut(now(), false);
    const sent = session.send('lobby', 'while away', now());
    run(2_000);
    expect(events.filter(({ kind }) => kind === 'online')).toMatchObject([
      { resumed: false },
      { nick: 'ann', resumed: true },
    ]);
    expect(outcome(sent)?.kind).toBe('done');
    expect(events.some(({ kind }) => kind === 'lost')).toBe(false);
  });

  test('an answer that was lost is asked for again under the same id, before later messages', () => {
    const server = new ModelServer();
    const { session, bench, run, outcome, now } = start(server);
    session.join('lobby', { create: true }, now());
    run();
    const first = session.send('lobby', 'one', now());
    const second = session.send('lobby', 'two', now());
    bench.side?.receive(session.takeOutput());
    expect(server.rooms.get('lobby')?.log).toHaveLength(1);
    bench.cut(now());
    run(3_000);
    expect(server.rooms.get('lobby')?.log.map(({ text }) => text)).toEqual(['one', 'two']);
    expect([outcome(first)?.kind, outcome(second)?.kind]).toEqual(['done', 'done']);
  });

  test('ERR_FLOODING slows down and loses nothing', () => {
    const server = new ModelServer();
    let refusals = 3;
    server.refuse = () => (refusals-- > 0 ? 'flooding' : 'no');
    const { session, run, outcome, now } = start(server);
    session.join('lobby', { create: true }, now());
    run();
    const requests = ['one', 'two', 'three'].map((text) => session.send('lobby', text, now()));
    run(1_000);
    expect(server.rooms.get('lobby')?.log).toEqual([]);
    run(10_000);
    expect(server.rooms.get('lobby')?.log.map(({ text }) => text)).toEqual(['one', 'two', 'three']);
    expect(requests.map((request) => outcome(request)?.kind)).toEqual(['done', 'done', 'done']);
  });

  test('a message fails at its deadline, and says whether it may have arrived', () => {
    const server = new ModelServer();
    server.refuse = () => 'flooding';
    const { session, bench, run, outcome, now } = start(server, { limits: { sendMs: 5_000 } });
    session.join('lobby', { create: true }, now());
    run();
    const tried = session.send('lobby', 'one', now());
    run(6_000);
    expect(outcome(tried)).toMatchObject({
      kind: 'failed',
      error: { code: 'TIMEOUT', outcomeUnknown: true, retriable: false },
    });
    bench.cut(now());
    const never = session.send('lobby', 'two', now());
    session.tick(now() + 5_001);
    expect(session.takeEvents()).toContainEqual(expect.objectContaining({ kind: 'failed', request: never }));
  });

  test('a question fails with its connection, and one asked without a connection waits for it', () => {
    const server = new ModelServer();
    const { session, bench, run, outcome, now } = start(server);
    run();
    const lost = session.request('ULIST', ['lobby'], now());
    bench.cut(now());
    const waits = session.request('CREATEROOM', ['lobby'], now());
    run(2_000);
    expect(errorOf(outcome(lost))).toBe('DISCONNECTED');
    expect(outcome(waits)?.kind).toBe('done');
  });

  test('a room that ended is made again only for those who asked for that', () => {
    const server = new ModelServer();
    const wanting = start(server);
    const content = start(server, { nick: 'bob' });
    wanting.session.join('lobby', { create: true, recreate: true }, wanting.now());
    wanting.run();
    content.session.join('lobby', { create: true }, content.now());
    content.run();
    server.restart();
    content.bench.cut(content.now());
    expect(content.run(3_000)).toContainEqual(
      expect.objectContaining({ kind: 'expelled', error: expect.objectContaining({ code: 'ERR_NOSUCHROOM' }) }),
    );
    expect(errorOf(contentSend(content))).toBe('NOT_IN_ROOM');
    wanting.bench.cut(wanting.now());
    const events = wanting.run(3_000);
    expect(events).toContainEqual(expect.objectContaining({ kind: 'entered', again: true }));
    expect(events).toContainEqual(expect.objectContaining({ kind: 'lost', from: 1, to: undefined }));
  });

  test('what was sent to a room that ended is never delivered to its successor', () => {
    const server = new ModelServer();
    const { session, bench, run, outcome, now } = start(server);
    session.join('lobby', { create: true, recreate: true }, now());
    run();
    const inFlight = session.send('lobby', 'one', now());
    const waiting = session.send('lobby', 'two', now());
    bench.side?.receive(session.takeOutput());
    server.restart();
    bench.cut(now());
    run(3_000);
    expect(outcome(inFlight)).toMatchObject({
      kind: 'failed',
      error: { code: 'UNKNOWN_OUTCOME', outcomeUnknown: true },
    });
    expect(outcome(waiting)?.kind).toBe('done');
    expect(server.rooms.get('lobby')?.log.map(({ text }) => text)).toEqual(['two']);
  });

  test('a silent server is asked for a sign of life, then left for the next one', () => {
    const server = new ModelServer();
    server.servers = ['other.example:7400'];
    const { session, bench, run, events, now } = start(server);
    run();
    const side = bench.side;
    run(30_100, 100);
    expect(side?.heard.some((line) => line.startsWith('PING'))).toBe(true);
    expect(session.online).toBe(true);
    // From now on nothing comes through.
    for (let at = now(); session.online && at < now() + 60_000; at += 100) session.tick(at);
    expect(session.takeEvents()).toContainEqual(
      expect.objectContaining({ kind: 'offline', reason: 'the server is silent' }),
    );
    session.tick(now() + 120_000);
    expect(session.dial?.server).toBe('other.example:7400');
    expect(events.filter(({ kind }) => kind === 'fault')).toEqual([]);
  });

  test('leaving waits for what was sent; quitting settles everything', () => {
    const server = new ModelServer();
    const { session, run, outcome, now, events } = start(server);
    session.join('lobby', { create: true }, now());
    session.join('den', { create: true }, now());
    run();
    const said = session.send('lobby', 'last words', now());
    const left = session.leave('lobby', now());
    expect(errorOf(contentSend({ session, now }))).toBe('NOT_IN_ROOM');
    run();
    expect([outcome(said)?.kind, outcome(left)?.kind]).toEqual(['done', 'done']);
    server.refuse = () => 'flooding';
    const unsent = session.send('den', 'never', now());
    run();
    session.quit('bye', now());
    run();
    expect(errorOf(outcome(unsent))).toBe('CLOSED');
    expect(events.at(-1)).toMatchObject({ kind: 'closed', error: undefined });
    expect(session.tick(now())).toBe(Number.POSITIVE_INFINITY);
  });

  test('killed is the end; ERROR alone is not', () => {
    const server = new ModelServer();
    const { session, bench, run, now } = start(server);
    run();
    bench.side?.say('ERROR', 'restarting');
    run(2_000);
    expect(session.online).toBe(true);
    bench.side?.say('KILL', 'ann', 'enough');
    bench.side?.say('ERROR', 'killed');
    run(100);
    expect(session.state).toBe('closed');
    expect(errorOf(contentSend({ session, now }))).toBe('CLOSED');
  });

  test('a message may have an id of its own, and the same one is the same message', () => {
    const server = new ModelServer();
    const { session, run, outcome, now } = start(server);
    session.join('lobby', { create: true }, now());
    run();
    const [first, second] = [0, 1].map(() => session.send('lobby', 'paid', now(), 0, 'order-4711')) as [number, number];
    const bad = ['short', 'x'.repeat(65), 'not ascii é'].map((id) => session.send('lobby', 'x', now(), 0, id));
    run(500);
    expect(server.rooms.get('lobby')?.log).toMatchObject([{ seq: 1, id: 'order-4711' }]);
    expect([outcome(first), outcome(second)]).toMatchObject([
      { kind: 'done', lines: [['lobby', expect.any(String), '1', 'order-4711']] },
      { kind: 'done', lines: [['lobby', expect.any(String), '1', 'order-4711']] },
    ]);
    expect(bad.map((request) => errorOf(outcome(request)))).toEqual(Array(3).fill('BAD_ARGUMENT'));
  });

  test('what was asked for can be given up: it is settled once, a join is undone, leaving goes on', () => {
    const server = new ModelServer();
    const { session, bench, run, outcome, events, now } = start(server);
    session.join('lobby', { create: true }, now());
    const never = session.join('den', { create: true }, now());
    session.cancel(never, now());
    session.cancel(999, now());
    run();
    expect(session.rooms).toEqual(['lobby']);
    const undone = session.join('den', { create: true }, now());
    session.cancel(undone, now());
    run();
    expect([...server.rooms.keys()]).toEqual(['lobby']);
    server.ignores = (verb) => verb === 'LOCATE' || verb === 'JOINROOM';
    server.openRoom('den');
    const asked = [session.request('LOCATE', ['ann'], now()), session.join('den', {}, now())];
    run();
    server.ignores = () => false;
    for (const request of asked) session.cancel(request, now());
    const left = session.leave('lobby', now());
    session.cancel(left, now());
    run(100);
    expect([never, ...asked, left].map((request) => errorOf(outcome(request)))).toEqual(Array(4).fill('ABORTED'));
    expect(server.rooms.get('lobby')?.members.size).toBe(0);
    const settled = events.filter((event) => event.kind === 'failed' || event.kind === 'done').map((e) => e.request);
    expect(settled.length).toBe(new Set(settled).size);
    // The room whose welcome never came is let go of with the connection.
    bench.cut(now());
    run(3_000);
    expect(session.online).toBe(true);
    expect(session.rooms).toEqual([]);
  });

  test('bad arguments are refused here, before they cost the connection', () => {
    const { session, run, now } = start(new ModelServer());
    session.join('lobby', { create: true }, now());
    run();
    const codes = ['', 'a\0b', ','.repeat(2_049)].map((text) => {
      session.send('lobby', text, now());
      return errorOf(session.takeEvents().at(-1));
    });
    expect(codes).toEqual(['BAD_ARGUMENT', 'BAD_ARGUMENT', 'BAD_ARGUMENT']);
    session.join('no rooms', {}, now());
    expect(errorOf(session.takeEvents().at(-1))).toBe('ERR_BADROOMNAME');
  });

  test('garbage, and frames that make no sense, do no harm', () => {
    const server = new ModelServer();
    const { session, bench, run, now } = start(server);
    session.join('lobby', { create: true }, now());
    run();
    const nonsense = [
      '<CMSG,lobby,x,1,n,1,t>',
      '<CMSG,lobby,a.1,-1,n,1,t>',
      '<CMSG,lobby>',
      '<EPOCH,lobby,!,1>',
      '<RPL_WELCOME,lobby>',
      '<RPL_LAGGED,lobby,a.1,9,1>',
      '<RPL_SENT,lobby>',
      '<RPL_ENDOFHISTORY,lobby,?,x>',
      '<RPL_SERVERS,a b,:,x:99999>',
      '<RPL_LIMITS,text=,x,=>',
      '<ERR_NOSUCHROOM>',
      '<ERR_X,CSEND>',
      '<NICK,ann>',
      '<>garbage<<<',
    ];
    bench.side?.output.push(new TextEncoder().encode(nonsense.join('\n')));
    run(200);
    const sent = session.send('lobby', 'still here', now());
    expect(run(2_000)).toContainEqual(expect.objectContaining({ kind: 'done', request: sent }));
  });

  test('a room that may not be left yet is left later, and the server is not pressed', () => {
    const server = new ModelServer();
    const { session, bench, run, outcome, now } = start(server, { limits: { retryMs: 100 } });
    session.join('lobby', { create: true }, now());
    run();
    let refused = 0;
    server.ignores = (verb) => {
      if (verb !== 'LEAVEROOM' || refused === 3) return false;
      refused++;
      bench.side?.say('ERR_FLOODING', 'LEAVEROOM', '*', 'too fast');
      return true;
    };
    const left = session.leave('lobby', now());
    run(80);
    expect([refused, outcome(left)]).toEqual([1, undefined]);
    run(1_000);
    expect([refused, outcome(left)?.kind, session.rooms.length]).toEqual([3, 'done', 0]);
  });

  test('a late answer about a room that was over takes nothing from the one that was joined since', () => {
    const server = new ModelServer();
    server.ignores = (verb) => verb === 'JOINROOM';
    const { session, bench, run, outcome, now } = start(server);
    const first = session.join('lobby', {}, now());
    run();
    bench.side?.say('LEAVEROOM', 'lobby', bench.side.ident);
    run();
    expect(outcome(first)).toMatchObject({ kind: 'failed', error: { code: 'NOT_IN_ROOM' } });
    const second = session.join('lobby', { create: true }, now());
    bench.side?.say('ERR_NOSUCHROOM', 'JOINROOM', 'lobby', 'this answers the first');
    run();
    expect([session.rooms, outcome(second)]).toEqual([['lobby'], undefined]);
    session.quit('', now());
    run(2_000);
    expect(outcome(second)).toMatchObject({ kind: 'failed', error: { code: 'CLOSED' } });
  });

  test('random cuts and fragments: every message settled once, delivered once, in its sender’s order', () => {
    for (let seed = 1; seed <= 60; seed++) playSeed(seed);
  }, 30_000);
});

function contentSend({ session, now }: { session: ClientSession; now: () => number }): ClientEvent | undefined {
  session.send('lobby', 'x', now());
  return session.takeEvents().at(-1);
}

/** Two people in a room on bad lines. */
function playSeed(seed: number): void {
  const chance = new Chance(seed);
  const server = new ModelServer();
  const refusals: Refusal[] = ['flooding', 'unavailable-before', 'unavailable-after'];
  let calm = false;
  server.refuse = () => (!calm && chance.happens(0.2) ? (refusals[chance.below(3)] as Refusal) : 'no');
  const people = ['ann', 'bob'].map((nick) => {
    const limits = { sendWindow: 1, paceMs: 50, retryMs: 50 };
    const session = new ClientSession({ servers: ['a.example:1'], nick, limits }, chance.word);
    return { session, bench: new Bench(server, session), events: [] as ClientEvent[], sent: [] as [number, string][] };
  });
  let now = 1_000;
  for (const { session } of people) {
    session.start(now);
    session.join('lobby', { create: true }, now);
  }
  const step = (): void => {
    now += 1 + chance.below(40);
    for (const { session, bench, events } of people) {
      bench.step(now, calm ? 0 : 1 + chance.below(120));
      events.push(...session.takeEvents());
    }
  };
  for (let i = 0; i < 1_500; i++) {
    const { session, bench, sent } = people[chance.below(2)] as (typeof people)[0];
    if (chance.happens(0.05)) {
      const text = `${seed}/${i}`;
      sent.push([session.send('lobby', text, now), text]);
    }
    if (chance.happens(0.01)) bench.cut(now, chance.happens(0.7));
    step();
  }
  calm = true;
  for (let i = 0; i < 1_500; i++) step();
  const log = server.rooms.get('lobby')?.log ?? [];
  const where = `seed ${seed}`;
  expect(log.length, where).toBeGreaterThan(20);
  expect(new Set(log.map(({ id }) => id)).size, where).toBe(log.length);
  expect(new Set(log.map(({ text }) => text)).size, where).toBe(log.length);
  for (const { events, sent } of people) {
    for (const [request, text] of sent) {
      const settled = events.filter((e) => (e.kind === 'done' || e.kind === 'failed') && e.request === request);
      expect(settled.length, `${where}: ${text}`).toBe(1);
      expect(settled[0]?.kind, `${where}: ${text}`).toBe('done');
    }
    const texts = new Set(sent.map(([, text]) => text));
    expect(
      log.map(({ text }) => text).filter((text) => texts.has(text)),
      where,
    ).toEqual(sent.map(([, text]) => text));
    const read = events.filter((event) => event.kind === 'message').map(({ text }) => text);
    expect(read, where).toEqual(log.slice(log.length - read.length).map(({ text }) => text));
    expect(read.length, where).toBeGreaterThan(log.length - 20);
    expect(
      events.filter(({ kind }) => kind === 'lost' || kind === 'closed'),
      where,
    ).toEqual([]);
  }
}
