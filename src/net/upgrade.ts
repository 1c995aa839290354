// The request that makes a WebSocket of a connection (RFC 6455, section 4): one head of HTTP/1.1, read strictly, and what
// is answered to it. It knows no socket, and takes nothing but a GET without a body.
//
// It refuses whatever is not an upgrade at /ws to our subprotocol, and pages of somebody else: a browser says whose page
// asks (Origin), and that has to be where the request goes (Host), or be listed. Programs that are no browsers say no
// Origin; they could say any. A listener of this machine alone has to be called by a name of this machine, as a page of
// somebody else's may have its own name lead here.

import { createHash } from 'node:crypto';

/** The one subprotocol: frames of this protocol's version 1. */
export const SUBPROTOCOL = 'chorus.1';
export const WEB_SOCKET_PATH = '/ws';
/** A head has at most so many bytes; what a browser sends along is a few hundred, cookies of others included rarely more. */
export const MOST_HEAD_BYTES = 8192;

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const VERSION = '13';
const REQUEST_LINE = /^([A-Z]{1,16}) (\/[!-~]*) HTTP\/1\.1$/;
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/;
const CONTROL = /[^\t -~\x80-\xff]/;
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/;
const LOOPBACK_HOSTS = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;

/** Whose pages may come. */
export interface WebRules {
  /** Other origins than where the request goes, as `https://chat.example`. */
  readonly origins: readonly string[];
  /** The listener is reached from this machine alone. */
  readonly local: boolean;
}

/** What is answered: the upgrade, or why not. */
export interface Reply {
  readonly upgraded: boolean;
  readonly status: number;
  /** The whole answer. */
  readonly bytes: Uint8Array;
}

interface Head {
  readonly method: string;
  readonly path: string;
  readonly headers: ReadonlyMap<string, string>;
}

/** The answer to a head, which ends with its empty line. */
export function answerUpgrade(head: Uint8Array, rules: WebRules): Reply {
  const read = readHead(Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1'));
  if (read === undefined) return refusal(400, 'The request cannot be read');
  return objection(read, rules) ?? acceptance(read.headers.get('sec-websocket-key') as string);
}

/** What is said of a head that has no end. */
export function tooLongHead(): Reply {
  return refusal(431, `The head of a request has at most ${MOST_HEAD_BYTES} bytes`);
}

function readHead(text: string): Head | undefined {
  const [first = '', ...lines] = text.slice(0, -4).split('\r\n');
  const request = REQUEST_LINE.exec(first);
  if (request === null) return undefined;
  const headers = new Map<string, string>();
  for (const line of lines) {
    const match = HEADER.exec(line);
    if (match === null || CONTROL.test(line)) return undefined;
    const name = (match[1] as string).toLowerCase();
    const before = headers.get(name);
    headers.set(name, before === undefined ? (match[2] as string) : `${before}, ${match[2]}`);
  }
  const [path = ''] = (request[2] as string).split('?');
  return { method: request[1] as string, path, headers };
}

function objection({ method, path, headers }: Head, rules: WebRules): Reply | undefined {
  const header = (name: string): string => headers.get(name) ?? '';
  const host = header('host');
  if (!isHost(host)) return refusal(400, 'The request names no host');
  if (headers.has('transfer-encoding') || !/^0*$/.test(header('content-length'))) {
    return refusal(400, 'A request here has no body');
  }
  if (path !== WEB_SOCKET_PATH) return refusal(404, `There is nothing here; the WebSocket is at ${WEB_SOCKET_PATH}`);
  if (method !== 'GET') return refusal(405, 'This path is for GET', { allow: 'GET' });
  if (!names(header('upgrade'), 'websocket') || !names(header('connection'), 'upgrade')) {
    return refusal(426, 'This path is for a WebSocket', { upgrade: 'websocket', connection: 'Upgrade, close' });
  }
  if (header('sec-websocket-version') !== VERSION) {
    return refusal(426, `Expected version ${VERSION} of the WebSocket`, { 'sec-websocket-version': VERSION });
  }
  if (!KEY.test(header('sec-websocket-key'))) return refusal(400, 'The key of the WebSocket is none');
  if (!isWelcome(host, headers.get('origin'), rules)) {
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

/** Whether a page of `origin`, or a program that says none, may connect to what it calls `host`. */
function isWelcome(host: string, origin: string | undefined, { origins, local }: WebRules): boolean {
  if (origin !== undefined && origins.includes(origin.toLowerCase())) return true;
  if (local && !LOOPBACK_HOSTS.test(host)) return false;
  if (origin === undefined) return true;
  const page = /^https?:\/\/[^/]+$/i.test(origin) ? parse(origin) : undefined;
  return page !== undefined && page.host === parse(`${page.protocol}//${host}`)?.host;
}

function isHost(text: string): boolean {
  return /^[^\s/?#@,\\]+$/.test(text) && parse(`http://${text}`) !== undefined;
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
  return { upgraded: true, status: 101, bytes: write(101, 'Switching Protocols', headers, '') };
}

function refusal(status: number, text: string, more: Readonly<Record<string, string>> = {}): Reply {
  const body = `${text}\n`;
  const headers = {
    ...{ 'content-type': 'text/plain; charset=utf-8', 'content-length': String(body.length) },
    ...{ 'x-content-type-options': 'nosniff', connection: 'close', ...more },
  };
  return { upgraded: false, status, bytes: write(status, STATUS[status] ?? 'Refused', headers, body) };
}

const STATUS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  426: 'Upgrade Required',
  431: 'Request Header Fields Too Large',
};

function write(status: number, words: string, headers: Readonly<Record<string, string>>, body: string): Uint8Array {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return new TextEncoder().encode(`HTTP/1.1 ${status} ${words}\r\n${lines.join('')}\r\n${body}`);
}
