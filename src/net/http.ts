// The HTTP listener: requests for operators come in whole and bounded, answers go out, and nothing is decided. It takes a
// target without a host, and no body but a bounded one. The answer to HEAD goes out without its body.
//
// What it keeps true: at most `connections` at a time, whatever they say or do not say; a request is there in
// `requestMs` or its connection ends; whoever takes nothing for `idleMs` ends; an answer that streams is never given
// more than the socket wants.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { ListenAddress } from './edge.ts';

/** One whole request. */
export interface HttpRequest {
  readonly method: string;
  /** Decoded once, without its query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** A header by its name in lower case. */
  header(name: string): string | undefined;
  readonly body: string;
}

/** Takes what a stream says. */
export interface HttpSink {
  /** False: enough for now; Stream.drained follows. */
  write(text: string): boolean;
  end(): void;
}

/** What is said to a sink for as long as it is there. */
export interface HttpStream {
  drained(): void;
  closed(): void;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A text, bytes, or what begins to stream. */
  readonly body: string | Uint8Array | ((sink: HttpSink) => HttpStream);
}

export interface HttpLimits {
  readonly connections: number;
  readonly headerBytes: number;
  readonly bodyBytes: number;
  readonly requestMs: number;
  readonly idleMs: number;
}

export interface HttpHandler {
  handle(request: HttpRequest): HttpAnswer | Promise<HttpAnswer>;
  /** What to answer to a request that cannot be read. */
  refuse(status: 400 | 413, reason: string): HttpAnswer;
  /** A fault of ours; what to answer to it. */
  failed(error: unknown): HttpAnswer;
}

export class HttpListener {
  readonly address: ListenAddress;
  readonly #server: Server;

  /** Rejects with what the system says when the address cannot be had. */
  static async listen(address: ListenAddress, limits: HttpLimits, handler: HttpHandler): Promise<HttpListener> {
    const { headerBytes: maxHeaderSize, requestMs, idleMs } = limits;
    const timeouts = { headersTimeout: requestMs, requestTimeout: requestMs, keepAliveTimeout: requestMs };
    const server = createServer(
      { maxHeaderSize, ...timeouts, connectionsCheckingInterval: 1000 },
      (request, response) => {
        void serve(request, response, limits, handler);
      },
    );
    server.maxConnections = limits.connections;
    server.setTimeout(idleMs);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(address.port, address.host, () => resolve());
    });
    return new HttpListener(address.host, server);
  }

  private constructor(host: string, server: Server) {
    const at = server.address();
    this.address = { host, port: typeof at === 'object' && at !== null ? at.port : 0 };
    this.#server = server;
  }

  /** From now on it takes so many connections; those that are there stay. */
  allow(connections: number): void {
    this.#server.maxConnections = connections;
  }

  /** Accepts nothing more and ends every connection. */
  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  limits: HttpLimits,
  handler: HttpHandler,
): Promise<void> {
  response.on('error', () => {});
  request.on('error', () => {});
  let answer: HttpAnswer;
  try {
    const body = await bodyOf(request, limits.bodyBytes);
    const read = body === undefined ? undefined : readRequest(request, body);
    if (body === undefined) answer = handler.refuse(413, `a body has at most ${limits.bodyBytes} bytes`);
    else if (read === undefined) answer = handler.refuse(400, 'the target of the request is no path');
    else answer = await handler.handle(read);
  } catch (error) {
    if (request.destroyed && !request.complete) return;
    answer = handler.failed(error);
  }
  send(request, response, answer, limits.idleMs);
}

/** The whole body; undefined when it is longer than it may be. Rejects when the peer is gone. */
async function bodyOf(request: IncomingMessage, most: number): Promise<string | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > most) return undefined;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > most) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function readRequest(request: IncomingMessage, body: string): HttpRequest | undefined {
  const { method = '', url = '', headers } = request;
  if (!url.startsWith('/')) return undefined;
  const [path = '', ...query] = url.split('?');
  try {
    return {
      method,
      path: decodeURIComponent(path),
      query: new URLSearchParams(query.join('?')),
      header: (name) => {
        const value = headers[name];
        return Array.isArray(value) ? value.join(', ') : value;
      },
      body,
    };
  } catch {
    return undefined;
  }
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: HttpAnswer,
  idleMs: number,
): void {
  // What was not read of a request would be taken for the next one.
  const rest = request.complete ? {} : { connection: 'close' };
  const headOnly = request.method === 'HEAD';
  if (typeof body !== 'function') {
    response.writeHead(status, { ...headers, ...rest, 'content-length': String(Buffer.byteLength(body)) });
    response.end(headOnly ? undefined : body);
    return;
  }
  response.writeHead(status, { ...headers, ...rest });
  if (headOnly) {
    response.end();
    return;
  }
  response.flushHeaders();
  begin(request, response, body, idleMs);
}

/** Streams. The socket's own timer does not count what is written as a sign of life, so another one takes its place. */
function begin(
  { socket }: IncomingMessage,
  response: ServerResponse,
  stream: (sink: HttpSink) => HttpStream,
  idleMs: number,
): void {
  socket.setTimeout(0);
  let patience: ReturnType<typeof setTimeout> | undefined;
  const heard = stream({
    write: (text) => {
      const more = response.write(text);
      if (!more) patience ??= setTimeout(() => socket.destroy(), idleMs);
      return more;
    },
    end: () => void response.end(),
  });
  const relax = (): void => {
    clearTimeout(patience);
    patience = undefined;
  };
  response.on('drain', () => {
    relax();
    heard.drained();
  });
  response.on('close', () => {
    relax();
    heard.closed();
  });
}
