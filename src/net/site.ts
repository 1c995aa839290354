// A site: the files that a browser gets for one of our pages, from memory, each as it is and compressed. It is one function
// from a request to an answer, for whoever listens; it knows no socket and no folder.
//
// A file whose name holds a hash of what is in it is kept by browsers for good; the page itself is asked for each time
// and answered with 304 where it is the same. No page may run or load what the site does not have: what it may do stands in
// its policy, and it is never guessed, framed or told where it came from.

import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { type Reply, refusal, reply } from './web-request.ts';

/** One file of a site. */
export interface SiteFile {
  /** Where it is asked for, as `/` or `/chat-1a2b3c4d.js`. */
  readonly path: string;
  /** Its media type. */
  readonly type: string;
  readonly text: string;
  /** Of a page: what it may load and run (Content-Security-Policy). A file without one has its hash in its name. */
  readonly policy?: string;
}

/** What is asked of a site. */
export interface SiteRequest {
  readonly method: string;
  readonly path: string;
  /** A header by its name in lower case; '' where there is none. */
  header(name: string): string;
}

export interface SiteAnswer {
  readonly status: 200 | 304 | 405;
  readonly headers: Readonly<Record<string, string>>;
  /** Of HEAD, too: whoever writes the answer leaves it out. */
  readonly body: Uint8Array;
}

interface Stored {
  readonly plain: Uint8Array;
  readonly gzip: Uint8Array;
  readonly tag: string;
  readonly headers: Readonly<Record<string, string>>;
}

const NOTHING = new Uint8Array(0);
const YEAR_S = 31_536_000;

export class Site {
  readonly #files: ReadonlyMap<string, Stored>;

  constructor(files: readonly SiteFile[]) {
    this.#files = new Map(files.map((file) => [file.path, store(file)]));
  }

  /** The answer to a request; undefined when there is nothing at its path. */
  answer({ method, path, header }: SiteRequest): SiteAnswer | undefined {
    const file = this.#files.get(path);
    if (file === undefined) return undefined;
    if (method !== 'GET' && method !== 'HEAD') return { status: 405, headers: { allow: 'GET, HEAD' }, body: NOTHING };
    const { headers, tag } = file;
    const known = header('if-none-match').split(',');
    if (known.some((each) => each.trim().replace(/^W\//, '') === tag)) return { status: 304, headers, body: NOTHING };
    const zipped = /(?:^|[\s,])gzip(?!\s*;\s*q=0(?:\.0+)?\s*(?:,|$))/i.test(header('accept-encoding'));
    if (!zipped) return { status: 200, headers, body: file.plain };
    return { status: 200, headers: { ...headers, 'content-encoding': 'gzip' }, body: file.gzip };
  }
}

/** The whole answer to a browser, from a site that may have to be made first. */
export async function replyFrom(site: (() => Promise<Site>) | undefined, request: SiteRequest): Promise<Reply> {
  try {
    const answer = (await site?.())?.answer(request);
    if (answer === undefined) return refusal(404, 'There is nothing here; the page is at /, and the WebSocket at /ws');
    return reply(answer.status, answer.headers, answer.body, request.method === 'HEAD');
  } catch {
    return refusal(503, 'The page cannot be made; the log of the server says why');
  }
}

function store({ type, text, policy }: SiteFile): Stored {
  const plain = new TextEncoder().encode(text);
  const tag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`;
  const headers = {
    'content-type': type,
    'cache-control': policy === undefined ? `public, max-age=${YEAR_S}, immutable` : 'no-cache',
    'content-security-policy': policy ?? "default-src 'none'",
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    etag: tag,
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
    'referrer-policy': 'no-referrer',
    vary: 'accept-encoding',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  };
  return { plain, gzip: gzipSync(plain, { level: 9 }), tag, headers };
}
