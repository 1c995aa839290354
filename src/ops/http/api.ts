// The API: what operators see and do over HTTP. It reads the node's listings; what it does goes through the table of
// commands, as an operator's frames do, so there is no second way to do anything. Nobody without the token sees or does
// anything. docs/openapi.json describes every path; a test holds both to each other.

import type { User } from '../../chat/users.ts';
import type { Edge } from '../../net/edge.ts';
import type { HttpAnswer, HttpRequest } from '../../net/http.ts';
import type { Said } from '../../node/desk.ts';
import { Listing, MOST_LISTED, type PageQuery, type RoomOrder } from '../../node/listing.ts';
import type { Node } from '../../node/node.ts';
import type { LogEvents } from '../log/log-events.ts';
import { json, type ProblemStatus, problem, SECURITY_HEADERS } from './answers.ts';
import type { ApiTokens } from './api-token.ts';
import { EventStreams } from './event-stream.ts';
import type { Route } from './routes.ts';

const SAMPLE_MS = 5000;
const PAGE = 50;
const MOST_A_PAGE = 200;
const ORDERS: readonly RoomOrder[] = ['members', 'rate', 'name'];
/** What operators of the API are called in the log and in `by` of what they do. */
const OPERATOR = 'api';
const UID = /^\d{1,10}\.\d{1,16}$/;

/** A request that cannot be served, and what to do about it. */
class Refusal extends Error {
  readonly status: ProblemStatus;

  constructor(status: ProblemStatus, detail: string) {
    super(detail);
    this.status = status;
  }
}

export class Api implements Disposable {
  readonly routes: readonly Route[];
  readonly #edge: Edge;
  readonly #tokens: ApiTokens;
  readonly #listing: Listing;
  readonly #events: EventStreams;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(edge: Edge, tokens: ApiTokens, log: LogEvents) {
    this.#edge = edge;
    this.#tokens = tokens;
    this.#listing = edge.ask((node) => new Listing(node));
    this.#events = new EventStreams(log);
    this.#timer = setInterval(() => {
      if (tokens.some) edge.ask((_node, now) => this.#listing.sample(now));
    }, SAMPLE_MS);
    this.#timer.unref();
    this.routes = this.#table();
  }

  /** Other tokens count: whoever listens has to come again with one of them. */
  disconnect(): void {
    this.#events.end();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#events.close();
  }

  #table(): Route[] {
    const listing = this.#listing;
    return [
      this.#get('/api/servers', () => ({ servers: listing.servers() })),
      this.#get('/api/links', (_request, _params, now) => ({ links: listing.links(now) })),
      this.#get('/api/rooms', ({ query }) => {
        const { items, total } = listing.rooms(pageOf(query, ['sort']), orderOf(query.get('sort')));
        return { rooms: items, total };
      }),
      this.#get('/api/rooms/{name}', (_request, [name = '']) => {
        const room = listing.room(name);
        if (room === undefined) throw new Refusal(404, 'There is no such room; GET /api/rooms lists them');
        return room;
      }),
      this.#get('/api/clients', ({ query }) => {
        const { items, total } = listing.clients(pageOf(query, ['server']), query.get('server') ?? '');
        return { clients: items, total };
      }),
      this.#get('/api/clients/{name}', (_request, [name = ''], now) => listing.client(this.#user(name), now)),
      this.#get('/api/laggards', ({ query }, _params, now) => {
        const { items, total } = listing.laggards(pageOf(query, []), now);
        return { laggards: items, total };
      }),
      this.#post('/api/kill', ['target', 'comment'], [], ({ target, comment }) => this.#kill(target, comment)),
      this.#post('/api/broadcast', ['scope', 'text'], [], ({ scope, text }) => this.#obey('BSEND', scope, text)),
      this.#post('/api/sclose', ['server', 'comment'], ['peer'], ({ server, comment, peer }) =>
        this.#obey('SCLOSE', server, comment, peer),
      ),
      this.#post('/api/drain', ['comment'], [], ({ comment }) => this.#obey('SCLOSE', this.#self, comment, '')),
      { method: 'GET', path: '/api/events', run: (request) => this.#known(request, () => this.#listen()) },
    ];
  }

  #get(path: string, read: (request: HttpRequest, params: readonly string[], now: number) => unknown): Route {
    const run = (request: HttpRequest, params: readonly string[]): HttpAnswer =>
      this.#known(request, () =>
        json(
          200,
          this.#edge.ask((_node, now) => read(request, params, now)),
        ),
      );
    return { method: 'GET', path, run };
  }

  #post<Needed extends string, Other extends string>(
    path: string,
    needed: readonly Needed[],
    other: readonly Other[],
    run: (fields: Readonly<Record<Needed | Other, string>>) => readonly Said[],
  ): Route {
    return {
      ...{ method: 'POST', path },
      run: (request) => this.#known(request, () => answerOf(run(fieldsOf(request.body, needed, other)))),
    };
  }

  /** Serves whoever brings the token. */
  #known({ header }: HttpRequest, serve: () => HttpAnswer): HttpAnswer {
    if (!this.#tokens.some) {
      return problem(403, 'The API is off: start the server with --api-token-file FILE, or with CHORUS_API_TOKEN set');
    }
    if (!this.#tokens.admits(header('authorization'))) {
      const detail = 'Send the header `Authorization: Bearer TOKEN` with the token of --api-token-file';
      return problem(401, detail, { 'www-authenticate': 'Bearer' });
    }
    try {
      return serve();
    } catch (error) {
      if (error instanceof Refusal) return problem(error.status, error.message);
      throw error;
    }
  }

  get #self(): string {
    return this.#listing.servers()[0]?.name ?? '';
  }

  /** The user that a nickname or uid means. */
  #user(name: string): User {
    const user = this.#edge.ask((node) => (UID.test(name) ? userBy(node, name) : node.chat.owner(name)));
    if (user === undefined) throw new Refusal(404, 'There is no such client; GET /api/clients lists them');
    return user;
  }

  /** Commands name nicknames: whoever is meant by a uid has to own the one it bears. */
  #kill(target: string, comment: string): readonly Said[] {
    if (!UID.test(target)) return this.#obey('KILL', target, comment);
    const user = this.#user(target);
    if (this.#edge.ask((node) => node.chat.owner(user.nick)) !== user) {
      throw new Refusal(409, `The nickname of this client is just being decided about; try again in a moment`);
    }
    return this.#obey('KILL', user.nick, comment);
  }

  #obey(verb: string, ...args: readonly string[]): readonly Said[] {
    let said: readonly Said[] = [];
    this.#edge.answer((node, now) => {
      said = node.operate(OPERATOR, verb, args, now);
    });
    return said;
  }

  #listen(): HttpAnswer {
    if (this.#events.full) throw new Refusal(429, 'Too many listen already; close one of these streams first');
    const headers = { ...SECURITY_HEADERS, 'content-type': 'text/event-stream; charset=utf-8' };
    return { status: 200, headers, body: (sink) => this.#events.open(sink) };
  }
}

function userBy(node: Node, uid: string): User | undefined {
  return node.chat.users.byUid(uid as User['uid']);
}

/** The parameters of a page; others than these and `known` are refused, as they would seem to have been obeyed. */
function pageOf(query: URLSearchParams, known: readonly string[]): PageQuery {
  for (const name of query.keys()) {
    if (!['offset', 'limit', 'search', ...known].includes(name))
      throw new Refusal(400, `There is no parameter ${name}`);
  }
  const limit = numberOf(query, 'limit', 1, MOST_A_PAGE, PAGE);
  const offset = numberOf(query, 'offset', 0, MOST_LISTED - limit, 0);
  return { offset, limit, search: query.get('search') ?? '' };
}

function numberOf(query: URLSearchParams, name: string, least: number, most: number, preset: number): number {
  const text = query.get(name);
  if (text === null) return preset;
  const value = /^\d{1,6}$/.test(text) ? Number(text) : -1;
  if (value < least || value > most) {
    throw new Refusal(400, `${name} is a whole number from ${least} to ${most}; look for more with search`);
  }
  return value;
}

function orderOf(text: string | null): RoomOrder {
  const order = ORDERS.find((each) => each === (text ?? 'members'));
  if (order === undefined) throw new Refusal(400, `sort is one of ${ORDERS.join(', ')}`);
  return order;
}

/** The fields of a JSON object: all are strings, those in `needed` are there, and there are no others. */
function fieldsOf<Needed extends string, Other extends string>(
  body: string,
  needed: readonly Needed[],
  other: readonly Other[],
): Record<Needed | Other, string> {
  const value = parsed(body);
  const names: readonly string[] = [...needed, ...other];
  const wrong = Object.entries(value).find(([name, field]) => !names.includes(name) || typeof field !== 'string');
  const lacking = needed.find((name) => value[name] === undefined || value[name] === '');
  if (wrong !== undefined || lacking !== undefined) {
    const optional = other.length === 0 ? '' : `, and may have ${other.join(', ')}`;
    throw new Refusal(400, `The body is an object of strings; it has ${needed.join(', ')}${optional}`);
  }
  return Object.fromEntries(names.map((name) => [name, value[name] ?? ''])) as Record<Needed | Other, string>;
}

function parsed(body: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new Refusal(400, 'The body is no JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Refusal(400, 'The body is no JSON object');
  }
  return value as Record<string, unknown>;
}

const STATUS: Readonly<Record<string, ProblemStatus>> = {
  ...{ ERR_NOSUCHNICK: 404, ERR_NOSUCHSERVER: 404, ERR_TEXTTOOLONG: 413, ERR_FLOODING: 429 },
};

/** What was said to a command, as an answer to its request. */
function answerOf(said: readonly Said[]): HttpAnswer {
  const [first] = said;
  if (first === undefined) return problem(400, 'This cannot be written in a frame: leave out NUL characters');
  const { verb, args } = first;
  if (verb.startsWith('ERR_')) return problem(STATUS[verb] ?? 400, `${verb}: ${args[2] ?? ''}`);
  return json(200, { reply: verb, about: args[0] ?? '' });
}
