// Routes: which function answers which path, and what is refused before one does. A request is for a name of this
// machine when the listener is bound to it (a page of somebody else's could have its own name lead here), for a path
// that there is, by GET, HEAD or POST, and a POST brings JSON. HEAD is answered as GET is; that its answer has no body is
// the listener's affair.

import type { HttpAnswer, HttpHandler, HttpRequest } from '../../net/http.ts';
import { problem } from './answers.ts';

/** One path, with `{name}` for what differs. */
export interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly run: (request: HttpRequest, params: readonly string[]) => HttpAnswer | Promise<HttpAnswer>;
}

interface Compiled extends Route {
  readonly pattern: RegExp;
}

const LOOPBACK_HOSTS = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;

export class Routes implements HttpHandler {
  readonly #routes: readonly Compiled[];
  readonly #local: boolean;
  readonly #onFault: (error: unknown) => void;

  /** `local`: the listener is bound to loopback. */
  constructor(routes: readonly Route[], local: boolean, onFault: (error: unknown) => void) {
    this.#routes = routes.map((route) => ({ ...route, pattern: patternOf(route.path) }));
    this.#local = local;
    this.#onFault = onFault;
  }

  handle(request: HttpRequest): HttpAnswer | Promise<HttpAnswer> {
    const { method, path } = request;
    const host = request.header('host') ?? '';
    if (this.#local && !LOOPBACK_HOSTS.test(host)) {
      return problem(421, 'This server answers to localhost alone; use http://127.0.0.1 or http://localhost');
    }
    const fitting = this.#routes.filter(({ pattern }) => pattern.test(path));
    if (fitting.length === 0) return problem(404, 'There is no such path; docs/openapi.json names all');
    const asked = method === 'HEAD' ? 'GET' : method;
    const route = fitting.find((each) => each.method === asked);
    if (route === undefined) {
      const allow = fitting.map((each) => (each.method === 'GET' ? 'GET, HEAD' : each.method)).join(', ');
      return problem(405, `This path is for ${allow}`, { allow });
    }
    if (method === 'POST' && !/^application\/json\s*(?:;|$)/i.test(request.header('content-type') ?? '')) {
      return problem(415, 'Send a JSON object with Content-Type: application/json');
    }
    return route.run(request, route.pattern.exec(path)?.slice(1) ?? []);
  }

  refuse(status: 400 | 413, reason: string): HttpAnswer {
    return problem(status, reason);
  }

  failed(error: unknown): HttpAnswer {
    this.#onFault(error);
    return problem(500, 'The log of the server says what happened; please report it');
  }
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '([^/]+)')}$`);
}
