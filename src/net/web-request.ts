// Requests of browsers where WebSockets are listened for: one head of HTTP/1.1 a connection, read strictly, and what is
// answered to it. It knows no socket and no path; it takes nothing that has a body.

/** A head has at most so many bytes; what a browser sends along is a few hundred, cookies of others included rarely more. */
export const MOST_HEAD_BYTES = 8192;

const REQUEST_LINE = /^([A-Z]{1,16}) (\/[!-~]*) HTTP\/1\.1$/;
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/;
const CONTROL = /[^\t -~\x80-\xff]/;

export interface WebRequest {
  readonly method: string;
  /** As it was sent, without its query. */
  readonly path: string;
  readonly host: string;
  /** A header by its name in lower case; '' where there is none. */
  header(name: string): string;
}

/** What is answered. */
export interface Reply {
  /** The connection is a WebSocket from here on; otherwise it ends behind the answer. */
  readonly upgraded: boolean;
  readonly status: number;
  /** The whole answer. */
  readonly bytes: Uint8Array;
}

/** The request of a head, which ends with its empty line, or what is answered to one that cannot be taken. */
export function readWebRequest(head: Uint8Array): WebRequest | Reply {
  const [first = '', ...lines] = Buffer.from(head.buffer, head.byteOffset, head.length)
    .toString('latin1')
    .slice(0, -4)
    .split('\r\n');
  const request = REQUEST_LINE.exec(first);
  const headers = request === null ? undefined : readHeaders(lines);
  if (request === null || headers === undefined) return refusal(400, 'The request cannot be read');
  const header = (name: string): string => headers.get(name) ?? '';
  const host = header('host');
  if (!isHost(host)) return refusal(400, 'The request names no host');
  if (headers.has('transfer-encoding') || !/^0*$/.test(header('content-length'))) {
    return refusal(400, 'A request here has no body');
  }
  const [path = ''] = (request[2] as string).split('?');
  return { method: request[1] as string, path, host, header };
}

/** What is said of a head that has no end. */
export function tooLongHead(): Reply {
  return refusal(431, `The head of a request has at most ${MOST_HEAD_BYTES} bytes`);
}

/** An answer, without its body where the head alone was asked for, and the end of the connection. */
export function reply(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  headOnly = false,
): Reply {
  const all = { 'content-length': String(body.length), connection: 'close', ...headers };
  const head = writeHead(status, all);
  return { upgraded: false, status, bytes: headOnly ? head : Buffer.concat([head, body]) };
}

/** An answer in words to what is not done. */
export function refusal(status: number, words: string, more: Readonly<Record<string, string>> = {}): Reply {
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' };
  return reply(status, { ...headers, ...more }, new TextEncoder().encode(`${words}\n`));
}

const STATUS: Readonly<Record<number, string>> = {
  101: 'Switching Protocols',
  200: 'OK',
  304: 'Not Modified',
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  421: 'Misdirected Request',
  426: 'Upgrade Required',
  431: 'Request Header Fields Too Large',
  503: 'Service Unavailable',
};

export function writeHead(status: number, headers: Readonly<Record<string, string>>): Uint8Array {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return new TextEncoder().encode(`HTTP/1.1 ${status} ${STATUS[status] ?? ''}\r\n${lines.join('')}\r\n`);
}

function readHeaders(lines: readonly string[]): Map<string, string> | undefined {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const match = HEADER.exec(line);
    if (match === null || CONTROL.test(line)) return undefined;
    const name = (match[1] as string).toLowerCase();
    const before = headers.get(name);
    headers.set(name, before === undefined ? (match[2] as string) : `${before}, ${match[2]}`);
  }
  return headers;
}

function isHost(text: string): boolean {
  return /^[^\s/?#@,\\]+$/.test(text) && URL.parse(`http://${text}`) !== null;
}
