// What operators have of a server over HTTP: whether it lives, whether clients should come, its figures, and the API.
// Nobody has to be known for the first three, which tell no names of users and rooms, and change nothing.

import type { Edge, ListenAddress } from '../../net/edge.ts';
import { type HttpAnswer, type HttpLimits, HttpListener, type HttpRequest } from '../../net/http.ts';
import type { Site } from '../../net/site.ts';
import { figures, type Readiness, readiness } from '../../node/view.ts';
import { isLoopback } from '../address.ts';
import type { LogEvents } from '../log/log-events.ts';
import { LoopDelay } from '../loop-delay.ts';
import { problem, text } from './answers.ts';
import { Api } from './api.ts';
import { ApiTokens } from './api-token.ts';
import type { Sample } from './metric-table.ts';
import { Metrics, processFigures } from './metrics.ts';
import { type Route, Routes } from './routes.ts';

const LIMITS = { headerBytes: 8192, bodyBytes: 8192, requestMs: 5000, idleMs: 30_000 };
const MOST_CONNECTIONS = 32;

export interface OperatorHttpParts {
  readonly edge: Edge;
  readonly log: LogEvents;
  readonly server: Sample['server'];
  readonly handshakes: Sample['handshakes'];
  /** Tokens of the API, two while one is being changed; none: it is off. */
  readonly tokens: readonly string[];
  /** The page for operators. */
  readonly site: () => Promise<Site>;
  /** Open files that are kept back from clients: half of them may be taken here. */
  readonly fdReserve: number;
}

export class OperatorHttp {
  readonly #listener: HttpListener;
  readonly #loop: LoopDelay;
  readonly #api: Api;
  readonly #tokens: ApiTokens;

  /** Listens; rejects with what the system says when the address cannot be had. */
  static async start(address: ListenAddress, parts: OperatorHttpParts): Promise<OperatorHttp> {
    const loop = new LoopDelay();
    const { edge, log, server } = parts;
    const ready = (): Readiness => edge.ask((node, now) => readiness(node, server.startedAt, now));
    const metrics = await Metrics.load(() => ({
      ...{ server, ready: ready().ready, figures: edge.ask(figures), writes: edge.writes, loop },
      ...{ handshakes: parts.handshakes, upgrades: edge.upgrades },
      ...{ events: log.counts, process: processFigures() },
    }));
    const tokens = new ApiTokens(parts.tokens);
    const api = new Api(edge, tokens, log);
    const table = [...watchingRoutes(ready, metrics), ...api.routes, ...pageRoutes(parts.site)];
    const routes = new Routes(table, isLoopback(address.host), (error) =>
      log.error('internal.error', { reason: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
    const limits: HttpLimits = { ...LIMITS, connections: connectionsWithin(parts.fdReserve) };
    try {
      return new OperatorHttp(await HttpListener.listen(address, limits, routes), loop, api, tokens);
    } catch (error) {
      loop[Symbol.dispose]();
      api[Symbol.dispose]();
      throw error;
    }
  }

  private constructor(listener: HttpListener, loop: LoopDelay, api: Api, tokens: ApiTokens) {
    this.#listener = listener;
    this.#loop = loop;
    this.#api = api;
    this.#tokens = tokens;
  }

  get address(): ListenAddress {
    return this.#listener.address;
  }

  /** Other tokens count from now on, and another number of files is kept back from clients. */
  reconfigure({ tokens, fdReserve }: Pick<OperatorHttpParts, 'tokens' | 'fdReserve'>): void {
    if (this.#tokens.use(tokens)) this.#api.disconnect();
    this.#listener.allow(connectionsWithin(fdReserve));
  }

  close(): void {
    this.#loop[Symbol.dispose]();
    this.#api[Symbol.dispose]();
    this.#listener.close();
  }
}

function connectionsWithin(fdReserve: number): number {
  return Math.min(MOST_CONNECTIONS, fdReserve >> 1);
}

/** Health and figures. */
export function watchingRoutes(ready: () => Readiness, metrics: Metrics): Route[] {
  return [
    { method: 'GET', path: '/healthz', run: () => text(200, 'alive\n') },
    {
      ...{ method: 'GET', path: '/readyz' },
      run: () => {
        const verdict = ready();
        return verdict.ready ? text(200, 'ready\n') : problem(503, verdict.reason, { 'retry-after': '1' });
      },
    },
    { method: 'GET', path: '/metrics', run: async () => text(200, await metrics.scrape(), metrics.contentType) },
  ];
}

/** The page, and what belongs to it. Whoever reaches the listener may have it: it shows nothing without a token. */
function pageRoutes(site: () => Promise<Site>): Route[] {
  const run = async ({ method, path, header }: HttpRequest): Promise<HttpAnswer> => {
    const answer = (await site()).answer({ method, path, header: (name) => header(name) ?? '' });
    return answer ?? problem(404, 'The page has no such file; it begins at /admin');
  };
  return ['/admin', '/admin/{file}'].map((path) => ({ method: 'GET', path, run }));
}
