// The watch: looks at the server once a second, listens to its events, and keeps what is shown. When the server does not
// answer it goes on asking; when it takes the token no more it stops and says so.

import {
  type Api,
  ApiError,
  type ClientRow,
  type EventRow,
  type LaggardRow,
  type Part,
  type RoomRow,
  type RoomSort,
} from './api.ts';
import { NetworkView } from './network.ts';
import { Series } from './series.ts';

const LOOK_MS = 1000;
const MOST_EVENTS = 200;
const NONE = { rows: [], total: 0 };

export interface ShownEvent extends EventRow {
  readonly key: number;
}

export class Watch {
  readonly api: Api;
  readonly network = new NetworkView();
  readonly series = new Series();
  rooms: Part<RoomRow> = NONE;
  clients: Part<ClientRow> = NONE;
  laggards: Part<LaggardRow> = NONE;
  /** The newest first. */
  events: readonly ShownEvent[] = [];
  roomSearch = '';
  roomSort: RoomSort = 'rate';
  clientSearch = '';
  /** Why nothing new is seen; undefined: all is well. */
  trouble: string | undefined;
  /** When it was looked last, Unix ms. */
  lookedAt = 0;
  readonly #changed: () => void;
  readonly #refused: (why: string) => void;
  readonly #ended = new AbortController();
  #numbers = 0;
  /** How often tables were asked for, and which of the askings is shown. */
  #asked = 0;
  #shown = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(api: Api, changed: () => void, refused: (why: string) => void) {
    this.api = api;
    this.#changed = changed;
    this.#refused = refused;
  }

  start(): void {
    void this.#run();
    void this.#listen();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#ended.abort();
  }

  /** Looks at once: what is searched for is another. */
  search(what: Partial<Pick<Watch, 'roomSearch' | 'roomSort' | 'clientSearch'>>): void {
    Object.assign(this, what);
    this.#changed();
    void this.#tables().then(this.#changed, () => undefined);
  }

  forget(server: string): void {
    this.network.forget(server);
    this.#changed();
  }

  async #run(): Promise<void> {
    try {
      const [servers, links, figures] = await Promise.all([this.api.servers(), this.api.links(), this.api.figures()]);
      const now = Date.now();
      this.network.look(servers, links, now);
      this.series.take(figures, now);
      await this.#tables();
      this.lookedAt = now;
      this.trouble = undefined;
    } catch (error) {
      this.trouble = error instanceof Error ? error.message : String(error);
      if (error instanceof ApiError && (error.status === 401 || error.status === 403))
        return this.#refused(this.trouble);
      this.network.unreachable(Date.now());
    }
    this.#changed();
    if (!this.#ended.signal.aborted) this.#timer = setTimeout(() => void this.#run(), LOOK_MS);
  }

  async #tables(): Promise<void> {
    const { api, roomSearch, roomSort, clientSearch } = this;
    const asked = ++this.#asked;
    const tables = await Promise.all([api.rooms(roomSearch, roomSort), api.clients(clientSearch), api.laggards()]);
    // Answers overtake each other: an older one is no answer to what is searched for now.
    if (asked < this.#shown) return;
    this.#shown = asked;
    [this.rooms, this.clients, this.laggards] = tables;
  }

  async #listen(): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      await this.api.listen((event) => this.#tell(event), signal).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  #tell(event: EventRow): void {
    this.events = [{ ...event, key: ++this.#numbers }, ...this.events.slice(0, MOST_EVENTS - 1)];
    this.#changed();
  }
}
