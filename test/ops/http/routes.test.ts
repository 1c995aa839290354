// Routes: which path is whose, and what is refused before anybody is asked.

import { describe, expect, test } from 'bun:test';
import type { HttpAnswer, HttpRequest } from '../../../src/net/http.ts';
import { json, SECURITY_HEADERS } from '../../../src/ops/http/answers.ts';
import { type Route, Routes } from '../../../src/ops/http/routes.ts';

const ROUTES: Route[] = [
  { method: 'GET', path: '/things', run: () => json(200, 'all') },
  { method: 'GET', path: '/things/{name}', run: (_request, params) => json(200, params) },
  { method: 'POST', path: '/things/{name}', run: ({ body }) => json(202, body) },
  { method: 'POST', path: '/told', run: ({ body }) => json(202, body) },
];

function ask(method: string, path: string, headers: Record<string, string> = {}, local = true): HttpAnswer {
  const all: Record<string, string> = { host: 'localhost:1', ...headers };
  const request: HttpRequest = { method, path, query: new URLSearchParams(), header: (name) => all[name], body: '{}' };
  return new Routes(ROUTES, local, () => {}).handle(request) as HttpAnswer;
}

describe('a route', () => {
  test('is found by its path, and given what differs in it', () => {
    expect(ask('GET', '/things').body).toBe('"all"\n');
    expect(ask('GET', '/things/a.b c').body).toBe('["a.b c"]\n');
    expect(ask('POST', '/things/x', { 'content-type': 'application/json; charset=utf-8' }).status).toBe(202);
  });

  test.each(['/', '/thing', '/things/', '/things/a/b', '/xthings', ''])('%j is nobody’s', (path) =>
    expect(ask('GET', path).status).toBe(404),
  );

  test.each(['PUT', 'DELETE', 'OPTIONS', 'TRACE', 'get'])('%s is no method here', (method) => {
    const answer = ask(method, '/things/x');
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toBe('GET, HEAD, POST');
  });

  test('HEAD is answered as GET is, and is no POST', () => {
    expect(ask('HEAD', '/things/x')).toEqual(ask('GET', '/things/x'));
    expect(ask('HEAD', '/told').status).toBe(405);
    expect(ask('HEAD', '/told').headers.allow).toBe('POST');
  });

  test.each(['', 'text/plain', 'application/x-www-form-urlencoded', 'application/jsonp'])(
    'a POST of %j is refused, so that no form of a page reaches it',
    (type) => expect(ask('POST', '/things/x', { 'content-type': type }).status).toBe(415),
  );

  test('problems say what they are, and every answer has the headers', () => {
    const answer = ask('GET', '/nowhere');
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(JSON.parse(answer.body as string)).toMatchObject({ title: 'Not found', status: 404 });
    for (const each of [answer, ask('GET', '/things')]) expect(each.headers).toMatchObject(SECURITY_HEADERS);
  });
});

describe('the host', () => {
  test.each(['localhost', 'LOCALHOST:7480', '127.0.0.1:7480', '127.9.9.9', '[::1]:7480'])('%s is us', (host) =>
    expect(ask('GET', '/things', { host }).status).toBe(200),
  );

  test.each(['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:7480', '10.0.0.1', '', 'localhost:x'])(
    '%j is not, on loopback',
    (host) => expect(ask('GET', '/things', { host }).status).toBe(421),
  );

  test('elsewhere any name may lead here', () => {
    expect(ask('GET', '/things', { host: 'chat.example' }, false).status).toBe(200);
  });
});
