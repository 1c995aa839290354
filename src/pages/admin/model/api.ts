// The API of the server that the page comes from, as the page asks it: with the operator's token, and with answers whose
// form is that of docs/openapi.json. It keeps nothing; what went wrong is an ApiError with the server's own words.

import { Scrape } from '../../../base/prometheus.ts';

export interface ServerRow {
  readonly name: string;
  readonly id: number;
  readonly hopcount: number;
  readonly via: string;
  readonly users: number;
  readonly info: string;
  readonly links: readonly string[];
  readonly load?: { readonly rooms: number; readonly inRate: number; readonly outRate: number };
}

export interface LinkRow {
  readonly server: string;
  readonly address: string;
  readonly silentMs: number;
  readonly waitingBytes: number;
  readonly writtenBytes: number;
  readonly receivedBytes: number;
  readonly roundTripMs?: number;
}

export interface RoomRow {
  readonly name: string;
  readonly members: number;
  readonly here: number;
  readonly epoch: string;
  readonly next: number;
  readonly rate: number;
  readonly behind: number;
}

export interface ClientRow {
  readonly nick: string;
  readonly uid: string;
  readonly user: string;
  readonly host: string;
  readonly server: string;
  readonly rooms: number;
}

export interface LaggardRow {
  readonly nick: string;
  readonly uid: string;
  readonly host: string;
  readonly waitingBytes: number;
  readonly behindBytes: number;
  readonly stalledMs: number;
  readonly lags: number;
}

export interface Part<T> {
  readonly rows: readonly T[];
  readonly total: number;
}

export interface EventRow {
  readonly time: string;
  readonly level: string;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export type RoomSort = 'members' | 'rate' | 'name';
export type Act =
  | { readonly what: 'kill'; readonly target: string; readonly comment: string }
  | { readonly what: 'broadcast'; readonly scope: string; readonly text: string }
  | { readonly what: 'sclose'; readonly server: string; readonly comment: string; readonly peer?: string }
  | { readonly what: 'drain'; readonly comment: string };

/** The server has said no, or nothing: `status` is 0 where it could not be reached. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly status: number;

  constructor(status: number, words: string) {
    super(words);
    this.status = status;
  }
}

const WAIT_MS = 5000;
const ROWS = 50;

export class Api {
  readonly #token: string;

  constructor(token: string) {
    this.#token = token;
  }

  async servers(): Promise<readonly ServerRow[]> {
    return (await this.#get<{ servers: ServerRow[] }>('/api/servers')).servers;
  }

  async links(): Promise<readonly LinkRow[]> {
    return (await this.#get<{ links: LinkRow[] }>('/api/links')).links;
  }

  async rooms(search: string, sort: RoomSort): Promise<Part<RoomRow>> {
    const { rooms, total } = await this.#get<{ rooms: RoomRow[]; total: number }>(
      `/api/rooms?${page(search)}&sort=${sort}`,
    );
    return { rows: rooms, total };
  }

  async clients(search: string): Promise<Part<ClientRow>> {
    const { clients, total } = await this.#get<{ clients: ClientRow[]; total: number }>(`/api/clients?${page(search)}`);
    return { rows: clients, total };
  }

  async laggards(): Promise<Part<LaggardRow>> {
    const { laggards, total } = await this.#get<{ laggards: LaggardRow[]; total: number }>(
      `/api/laggards?limit=${ROWS}`,
    );
    return { rows: laggards, total };
  }

  async figures(): Promise<Scrape> {
    return new Scrape(await (await this.#fetch('/metrics')).text());
  }

  async act({ what, ...fields }: Act): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    await this.#fetch(`/api/${what}`, { method: 'POST', headers, body: JSON.stringify(fields) });
  }

  /** Tells of events until the stream ends or `signal` does; rejects when it cannot be had. */
  async listen(tell: (event: EventRow) => void, signal: AbortSignal): Promise<void> {
    const { body } = await this.#fetch('/api/events', { signal }, undefined);
    const reader = (body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream() as never).getReader();
    let text = '';
    for (;;) {
      const { done, value } = (await reader.read()) as { done: boolean; value: string };
      if (done) return;
      const records = (text + value).split('\n\n');
      text = (records.pop() ?? '').slice(-64 * 1024);
      for (const record of records) {
        const data = /^data: (.*)$/m.exec(record)?.[1];
        if (data !== undefined) tell(eventOf(data));
      }
    }
  }

  async #get<T>(path: string): Promise<T> {
    return (await this.#fetch(path)).json() as Promise<T>;
  }

  async #fetch(path: string, init: RequestInit = {}, waitMs: number | undefined = WAIT_MS): Promise<Response> {
    const signal = init.signal ?? (waitMs === undefined ? undefined : AbortSignal.timeout(waitMs));
    const headers = { ...init.headers, authorization: `Bearer ${this.#token}` };
    let response: Response;
    try {
      response = await fetch(path, { ...init, headers, ...(signal && { signal }), cache: 'no-store' });
    } catch {
      throw new ApiError(0, 'The server does not answer');
    }
    if (response.ok) return response;
    const problem = (await response.json().catch(() => ({}))) as { detail?: string };
    throw new ApiError(response.status, problem.detail ?? `The server answers ${response.status}`);
  }
}

function page(search: string): string {
  return new URLSearchParams({ search, limit: String(ROWS) }).toString();
}

function eventOf(data: string): EventRow {
  const { time = '', level = '', event = '', ...fields } = JSON.parse(data) as Record<string, unknown>;
  return { time: String(time), level: String(level), event: String(event), fields };
}
