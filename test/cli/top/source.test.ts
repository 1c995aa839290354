// What top reads of a server, whatever that answers: what has not the form that is expected is nothing, texts are plain,
// and who would not have us is told from who is away.

import { describe, expect, test } from 'bun:test';
import { Away, type EventRow, eventRow, Refused, TopSource } from '../../../src/cli/top/source.ts';
import { metrics } from './world.ts';

type Answers = Readonly<Record<string, unknown>>;

/** A server of HTTP that answers so by path; a number is a status alone. */
function serve(answers: Answers): Disposable & { readonly base: string } {
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (request) => {
      const answer = answers[new URL(request.url).pathname] ?? 404;
      if (typeof answer === 'number') return Response.json({ detail: `why ${answer}` }, { status: answer });
      return typeof answer === 'string' ? new Response(answer) : Response.json(answer);
    },
  });
  return { base: `http://127.0.0.1:${server.port}`, [Symbol.dispose]: () => void server.stop(true) };
}

const NOTHING = {
  ...{ '/metrics': metrics({}), '/api/servers': {}, '/api/links': {}, '/api/rooms': {}, '/api/laggards': {} },
};

async function lookAt(answers: Answers, token: string | undefined = 'token') {
  using server = serve(answers);
  return await new TopSource(server.base, token).look('rate', () => 7);
}

async function outcome(answers: Answers): Promise<unknown> {
  return lookAt(answers).catch((error: unknown) => error);
}

describe('a look', () => {
  test('has nothing of what is not there, or not of its form', async () => {
    const empty = { servers: [], links: [], rooms: [], roomsInAll: 0, laggards: [], laggardsInAll: 0 };
    expect(await lookAt(NOTHING)).toMatchObject({ at: 7, sort: 'rate', closed: '', tables: empty });
    const { tables } = await lookAt({
      ...NOTHING,
      '/api/servers': { servers: 'many' },
      '/api/links': [],
      '/api/rooms': { rooms: [null, 7, { name: 7, members: '3', rate: null, next: 2 }], total: 'x' },
      '/api/laggards': 'no JSON',
    });
    expect(tables).toMatchObject({ servers: [], links: [], laggards: [], roomsInAll: 0 });
    expect(tables?.rooms).toHaveLength(3);
    expect(tables?.rooms[2]).toEqual({ name: '', members: 0, here: 0, epoch: '', next: 2, rate: 0, behind: 0 });
  });

  test('has no text that a terminal would obey', async () => {
    const name = 'a\u001b[2Jb\u202ec\n\u0007d';
    const { tables } = await lookAt({ ...NOTHING, '/api/rooms': { rooms: [{ name }], total: 1 } });
    expect(tables?.rooms[0]?.name).toBe('abc d');
  });

  test('without a token asks for figures alone', async () => {
    using server = serve({ '/metrics': metrics({}) });
    const look = await new TopSource(server.base, undefined).look('rate', () => 0);
    expect(look.tables).toBeUndefined();
    expect(look.closed).toContain('--api-token-file');
    await new TopSource(server.base, undefined).listen(() => {}, new AbortController().signal);
  });

  test('says why the API is closed', async () => {
    expect(await lookAt({ ...NOTHING, '/api/servers': 403 })).toMatchObject({ tables: undefined, closed: 'why 403' });
  });

  test('tells who would not have us from who is away', async () => {
    expect(await outcome({ ...NOTHING, '/api/servers': 401 })).toBeInstanceOf(Refused);
    expect(await outcome({ '/metrics': 'chorus_ready 1' })).toBeInstanceOf(Refused);
    expect(await outcome({})).toBeInstanceOf(Refused);
    const away = await outcome({ ...NOTHING, '/api/rooms': 500 });
    expect(away).toBeInstanceOf(Away);
    expect(String(away)).toContain('/api/rooms answers 500: why 500');
    expect(await new TopSource('http://127.0.0.1:1', 'token').look('rate', () => 0).catch(String)).toContain('Away: ');
  });
});

describe('events', () => {
  test('come however the stream is cut', async () => {
    const text = [
      ':\n\n',
      'id: 1\nevent: link.up\ndata: {"time":"2026-01-02T03:04:05.006Z","level":"info","event":"link.up","server":"béta"}\n\n',
      'event: events.lost\ndata: {"event":"events.lost","count":3}\n\n',
      'data: no JSON\n\n',
      'id: 2\nevent: unfinished\ndata: {"event":"unfin',
    ].join('');
    using server = serve({ '/api/events': text });
    const rows: EventRow[] = [];
    await new TopSource(server.base, 'token').listen((row) => rows.push(row), new AbortController().signal);
    expect(rows).toEqual([
      { at: Date.UTC(2026, 0, 2, 3, 4, 5, 6), level: 'info', event: 'link.up', fields: 'server=béta' },
      { at: 0, level: 'info', event: 'events.lost', fields: 'count=3' },
    ]);
  });

  test('are plain, and not longer than can be shown', () => {
    const data = JSON.stringify({ event: 'x\u001b[1m', level: 'warn', words: `\u202e${'y'.repeat(5000)}` });
    const row = eventRow(`data: ${data}`);
    expect(row).toMatchObject({ event: 'x', level: 'warn' });
    expect(row?.fields).toMatch(/^words=y+$/);
    expect(row?.fields.length).toBe(400);
  });
});
