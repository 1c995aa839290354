// Where top looks: one server's operators' HTTP. A look is everything at one moment: its figures from /metrics, which
// everybody may read, and its tables from the API, for who has the token. Nothing that a server answers is trusted: what
// has not the form that is expected is empty or 0, texts are made plain, and nothing is longer than can be shown.

import { Scrape } from '../../base/prometheus.ts';
import type { LaggardItem, LinkItem, RoomItem, RoomOrder, ServerItem } from '../../node/listing.ts';
import { plain } from '../terminal-text.ts';

export type RoomSort = RoomOrder;
export type ServerRow = ServerItem;
export type LinkRow = LinkItem;
export type RoomRow = RoomItem;
export type LaggardRow = Omit<LaggardItem, 'uid'>;

/** What the API tells. */
export interface Tables {
  readonly servers: readonly ServerRow[];
  readonly links: readonly LinkRow[];
  readonly rooms: readonly RoomRow[];
  readonly roomsInAll: number;
  readonly laggards: readonly LaggardRow[];
  readonly laggardsInAll: number;
}

export interface Look {
  /** When it was taken, in ms of whatever clock the caller has. */
  readonly at: number;
  readonly scrape: Scrape;
  /** How rooms are sorted in it. */
  readonly sort: RoomSort;
  /** Undefined where the API is not open to us; `closed` says why. */
  readonly tables: Tables | undefined;
  readonly closed: string;
}

/** The server would not have us: the token is wrong, or it is no server of ours. */
export class Refused extends Error {
  override name = 'Refused';
}

/** It cannot be reached now. */
export class Away extends Error {
  override name = 'Away';
}

/** What happens, as the log of the server is told. */
export interface EventRow {
  /** Unix ms. */
  readonly at: number;
  readonly level: string;
  readonly event: string;
  /** `name=value`, with spaces between. */
  readonly fields: string;
}

const WAIT_MS = 5000;
const LONGEST = 200;
const MOST_ROOMS = 100;
const MOST_LAGGARDS = 50;
const RIGHT_TOKEN = 'give that of its own --api-token-file, as --api-token-file FILE or in CHORUS_API_TOKEN';
const NO_TOKEN = 'the tables need the token of the API: --api-token-file FILE, or CHORUS_API_TOKEN';

export class TopSource {
  readonly #base: string;
  readonly #token: string | undefined;

  /** `base` as in `http://127.0.0.1:7480`. */
  constructor(base: string, token: string | undefined) {
    this.#base = base;
    this.#token = token;
  }

  /** Looks once. Rejects with Away or Refused. */
  async look(sort: RoomSort, now: () => number): Promise<Look> {
    const scrape = await this.#scrape();
    const at = now();
    if (this.#token === undefined) return { at, scrape, sort, tables: undefined, closed: NO_TOKEN };
    const servers = await this.#get('/api/servers');
    if (servers.status === 403) return { at, scrape, sort, tables: undefined, closed: detailOf(servers) };
    const [links, rooms, laggards] = await Promise.all([
      this.#get('/api/links'),
      this.#get(`/api/rooms?sort=${sort}&limit=${MOST_ROOMS}`),
      this.#get(`/api/laggards?limit=${MOST_LAGGARDS}`),
    ]);
    const tables = {
      servers: listOf(servers, 'servers').map(serverRow),
      links: listOf(links, 'links').map(linkRow),
      rooms: listOf(rooms, 'rooms').map(roomRow),
      roomsInAll: numberIn(rooms.body, 'total'),
      laggards: listOf(laggards, 'laggards').map(laggardRow),
      laggardsInAll: numberIn(laggards.body, 'total'),
    };
    return { at, scrape, sort, tables, closed: '' };
  }

  /** Tells of events until the stream ends, or `signal` says that it is enough. */
  async listen(onEvent: (row: EventRow) => void, signal: AbortSignal): Promise<void> {
    if (this.#token === undefined) return;
    const response = await fetch(`${this.#base}/api/events`, { headers: this.#headers(), signal });
    if (response.status !== 200 || response.body === null) return;
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of response.body) {
      text += decoder.decode(chunk, { stream: true });
      const records = text.split('\n\n');
      text = (records.pop() ?? '').slice(-64 * 1024);
      for (const record of records) {
        const row = eventRow(record);
        if (row !== undefined) onEvent(row);
      }
    }
  }

  async #scrape(): Promise<Scrape> {
    const { status, text } = await this.#fetch('/metrics');
    const scrape = new Scrape(text);
    if (status === 200 && scrape.label('chorus_info', 'server') !== undefined) return scrape;
    throw new Refused(`${this.#base} is no Chorus server: /metrics answers ${status}`);
  }

  async #get(path: string): Promise<Answer> {
    const { status, text } = await this.#fetch(path);
    const answer = { status, body: objectOf(text) };
    if (status === 200 || status === 403) return answer;
    if (status === 401) throw new Refused(`${this.#base} refuses the token: ${RIGHT_TOKEN}`);
    throw new Away(`${path.split('?')[0]} answers ${status}: ${detailOf(answer)}`);
  }

  async #fetch(path: string): Promise<{ status: number; text: string }> {
    try {
      const init = { headers: this.#headers(), signal: AbortSignal.timeout(WAIT_MS), redirect: 'manual' as const };
      const response = await fetch(`${this.#base}${path}`, init);
      return { status: response.status, text: await response.text() };
    } catch (error) {
      throw new Away(reasonOf(error));
    }
  }

  #headers(): Record<string, string> {
    return this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` };
  }
}

interface Answer {
  readonly status: number;
  readonly body: Body;
}
type Body = Readonly<Record<string, unknown>>;

/** Why a request failed, in a word or two. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return plain(String(error));
  if (error.name === 'TimeoutError') return `no answer in ${WAIT_MS / 1000} s`;
  const { code } = error as NodeJS.ErrnoException;
  return plain(typeof code === 'string' ? code : error.message);
}

function objectOf(text: string): Body {
  try {
    return bodyOf(JSON.parse(text));
  } catch {
    return {};
  }
}

function bodyOf(value: unknown): Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Body) : {};
}

function detailOf({ status, body }: Answer): string {
  return textIn(body, 'detail') || `status ${status}`;
}

function listOf({ body }: Answer, name: string): Body[] {
  const list = body[name];
  return Array.isArray(list) ? list.map(bodyOf) : [];
}

function textIn(body: Body, name: string): string {
  const value = body[name];
  return typeof value === 'string' ? plain(value.slice(0, LONGEST)) : '';
}

function numberIn(body: Body, name: string): number {
  const value = body[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

function serverRow(body: Body): ServerRow {
  return {
    name: textIn(body, 'name'),
    id: numberIn(body, 'id'),
    hopcount: numberIn(body, 'hopcount'),
    via: textIn(body, 'via'),
    users: numberIn(body, 'users'),
    info: textIn(body, 'info'),
    links: Array.isArray(body.links) ? body.links.filter((name) => typeof name === 'string').map(plain) : [],
    ...(body.load !== undefined && { load: loadOf(bodyOf(body.load)) }),
  };
}

function loadOf(body: Body): NonNullable<ServerRow['load']> {
  return { rooms: numberIn(body, 'rooms'), inRate: numberIn(body, 'inRate'), outRate: numberIn(body, 'outRate') };
}

function linkRow(body: Body): LinkRow {
  return {
    server: textIn(body, 'server'),
    id: numberIn(body, 'id'),
    address: textIn(body, 'address'),
    incarnation: numberIn(body, 'incarnation'),
    silentMs: numberIn(body, 'silentMs'),
    waitingBytes: numberIn(body, 'waitingBytes'),
    writtenBytes: numberIn(body, 'writtenBytes'),
    receivedBytes: numberIn(body, 'receivedBytes'),
    ...(body.roundTripMs !== undefined && { roundTripMs: numberIn(body, 'roundTripMs') }),
  };
}

function roomRow(body: Body): RoomRow {
  return {
    name: textIn(body, 'name'),
    members: numberIn(body, 'members'),
    here: numberIn(body, 'here'),
    epoch: textIn(body, 'epoch'),
    next: numberIn(body, 'next'),
    rate: numberIn(body, 'rate'),
    behind: numberIn(body, 'behind'),
  };
}

function laggardRow(body: Body): LaggardRow {
  return {
    nick: textIn(body, 'nick'),
    host: textIn(body, 'host'),
    waitingBytes: numberIn(body, 'waitingBytes'),
    behindBytes: numberIn(body, 'behindBytes'),
    stalledMs: numberIn(body, 'stalledMs'),
    lags: numberIn(body, 'lags'),
  };
}

/** One record of server-sent events; undefined where it says nothing. */
export function eventRow(record: string): EventRow | undefined {
  const data = record.split('\n').find((line) => line.startsWith('data: '));
  if (data === undefined) return undefined;
  const { time, level, event, ...fields } = objectOf(data.slice('data: '.length));
  if (typeof event !== 'string') return undefined;
  const words = Object.entries(fields).map(([name, value]) => `${plain(name)}=${plain(String(value))}`);
  const at = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  return {
    at: Number.isNaN(at) ? 0 : at,
    level: plain(typeof level === 'string' ? level : 'info'),
    event: plain(event.slice(0, LONGEST)),
    fields: words.join(' ').slice(0, LONGEST * 2),
  };
}
