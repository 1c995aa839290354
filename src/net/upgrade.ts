// The upgrade that makes a WebSocket of a connection (RFC 6455, section 4): which request is one, and what is answered to
// it. It knows no socket, and takes nothing but a GET.
//
// It refuses whatever is no upgrade to our subprotocol, and pages of somebody else: a browser says whose page
// asks (Origin), and that has to be where the request goes (Host), or be listed. Programs that are no browsers say no
// Origin; they could say any. A listener of this machine alone has to be called by a name of this machine, as a page of
// somebody else's may have its own name lead here.

import { createHash } from 'node:crypto';
import type { Site } from './site.ts';
import { type Reply, refusal, type WebRequest, writeHead } from './web-request.ts';

/** The one subprotocol: frames of this protocol's version 1. */
export const SUBPROTOCOL = 'chorus.1';
export const WEB_SOCKET_PATH = '/ws';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const VERSION = '13';
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/;
const LOOPBACK_HOSTS = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;

/** Whose pages may come, and which are here. */
export interface WebRules {
  /** Other origins than where the request goes, as `https://chat.example`. */
  readonly origins: readonly string[];
  /** The listener is reached from this machine alone. */
  readonly local: boolean;
  /** Our own pages, once they are made; they may be asked for again where that came to nothing. */
  readonly site?: () => Promise<Site>;
}

/** Whether a request for `host` may be answered where it came in: one that this machine alone can reach has its names. */
export function isOurs(host: string, { origins, local }: WebRules): boolean {
  return !local || LOOPBACK_HOSTS.test(host) || origins.some((origin) => parse(origin)?.host === host.toLowerCase());
}

/** The answer to a request for the WebSocket. */
export function answerUpgrade(request: WebRequest, rules: WebRules): Reply {
  return objection(request, rules) ?? acceptance(request.header('sec-websocket-key'));
}

function objection({ method, host, header }: WebRequest, rules: WebRules): Reply | undefined {
  if (method !== 'GET') return refusal(405, 'This path is for GET', { allow: 'GET' });
  if (!names(header('upgrade'), 'websocket') || !names(header('connection'), 'upgrade')) {
    return refusal(426, 'This path is for a WebSocket', { upgrade: 'websocket', connection: 'Upgrade, close' });
  }
  if (header('sec-websocket-version') !== VERSION) {
    return refusal(426, `Expected version ${VERSION} of the WebSocket`, { 'sec-websocket-version': VERSION });
  }
  if (!KEY.test(header('sec-websocket-key'))) return refusal(400, 'The key of the WebSocket is none');
  if (!isWelcome(host, header('origin'), rules)) {
    return refusal(403, 'Pages of this origin may not connect here; --web-origins lists those that may');
  }
  if (
    !header('sec-websocket-protocol')
      .split(',')
      .some((offered) => offered.trim() === SUBPROTOCOL)
  ) {
    return refusal(400, `Expected the subprotocol ${SUBPROTOCOL}`);
  }
  return undefined;
}

/** Whether a page of `origin`, or a program that says none (''), may connect to what it calls `host`. */
function isWelcome(host: string, origin: string, { origins, local }: WebRules): boolean {
  if (origin !== '' && origins.includes(origin.toLowerCase())) return true;
  if (local && !LOOPBACK_HOSTS.test(host)) return false;
  if (origin === '') return true;
  const page = /^https?:\/\/[^/]+$/i.test(origin) ? parse(origin) : undefined;
  return page !== undefined && page.host === parse(`${page.protocol}//${host}`)?.host;
}

function parse(url: string): URL | undefined {
  return URL.parse(url) ?? undefined;
}

/** Whether a list of words has `word`. */
function names(list: string, word: string): boolean {
  return list.split(',').some((each) => each.trim().toLowerCase() === word);
}

function acceptance(key: string): Reply {
  const accept = createHash('sha1')
    .update(key + GUID)
    .digest('base64');
  const headers = {
    ...{ upgrade: 'websocket', connection: 'Upgrade' },
    ...{ 'sec-websocket-accept': accept, 'sec-websocket-protocol': SUBPROTOCOL },
  };
  return { upgraded: true, status: 101, bytes: writeHead(101, headers) };
}
