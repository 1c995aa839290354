// What top knows: what it saw of one server, look by look. Counters become rates between two looks, rates become a
// history to draw, and a server that was there and is not any more stays for a while, as one that was lost. It knows no
// clock and no terminal: the time comes with each look, and what it gives is what stands on the screen, in plain values.

import { type Buckets, between, quantile, type Scrape } from '../../base/prometheus.ts';
import type { EventRow, LaggardRow, LinkRow, Look, RoomRow, RoomSort, ServerRow } from './source.ts';

/** Rates that are kept of each counter. */
const HISTORY = 240;
/** Looks over which delays are counted. */
const DELAY_LOOKS = 5;
/** So long a server that is gone is shown. */
const GONE_MS = 120_000;
const MOST_EVENTS = 200;

/** The counters whose rates are shown. */
const COUNTERS = {
  messages: 'chorus_messages_total',
  deliveries: 'chorus_deliveries_total',
  received: 'chorus_received_bytes_total',
  written: 'chorus_written_bytes_total',
  commands: 'chorus_commands_total',
  errors: 'chorus_errors_total',
  opened: 'chorus_connections_opened_total',
  refused: 'chorus_connections_refused_total',
  lags: 'chorus_lags_total',
  blocked: 'chorus_writes_blocked_total',
  cpu: 'process_cpu_seconds_total',
} as const;
export type RateName = keyof typeof COUNTERS;
const RATES = Object.keys(COUNTERS) as RateName[];

/** What there is now. */
const GAUGES = {
  connections: 'chorus_connections',
  users: 'chorus_users',
  networkUsers: 'chorus_network_users',
  rooms: 'chorus_rooms',
  links: 'chorus_links',
  servers: 'chorus_servers',
  ringBytes: 'chorus_ring_bytes',
  residentBytes: 'process_resident_memory_bytes',
  heapBytes: 'process_heap_bytes',
  openFiles: 'process_open_fds',
  mostFiles: 'process_max_fds',
} as const;
export type GaugeName = keyof typeof GAUGES;

export interface Rate {
  /** A second; undefined before two looks at one life of the server. */
  readonly now: number | undefined;
  /** The newest last. */
  readonly history: readonly number[];
}

/** Delays in seconds, bounds of the buckets they fell into; undefined where nothing was measured. */
export interface Delay {
  readonly half: number | undefined;
  readonly p99: number | undefined;
}

export interface ShownServer extends ServerRow {
  /** How long ago it was lost, in ms; undefined while it can be reached. */
  readonly goneMs: number | undefined;
}

export interface ShownLink extends LinkRow {
  /** Bytes a second; undefined before two looks at it. */
  readonly writtenRate: number | undefined;
  readonly receivedRate: number | undefined;
}

export interface ShownRoom extends RoomRow {
  /** The name of the server that gives the numbers, or its number where that is all that is known. */
  readonly home: string;
}

/** One server, as it is shown. */
export interface View {
  readonly server: string;
  readonly id: string;
  readonly version: string;
  readonly isReady: boolean;
  readonly upMs: number | undefined;
  readonly gauges: Readonly<Record<GaugeName, number | undefined>>;
  readonly rates: Readonly<Record<RateName, Rate>>;
  readonly loop: Delay;
  readonly commit: Delay;
  /** Why there are no tables; '' where there are. */
  readonly closed: string;
  readonly servers: readonly ShownServer[];
  readonly links: readonly ShownLink[];
  readonly rooms: readonly ShownRoom[];
  readonly roomsInAll: number;
  readonly laggards: readonly LaggardRow[];
  readonly laggardsInAll: number;
  /** The newest last. */
  readonly events: readonly EventRow[];
}

export class TopModel {
  #looks: Look[] = [];
  readonly #rates: Record<RateName, Rate> = emptyRates();
  /** Servers that were seen, and when last. */
  readonly #seen = new Map<number, { readonly row: ServerRow; readonly at: number }>();
  readonly #events: EventRow[] = [];
  #sort: RoomSort = 'rate';

  /** Takes the next look. Another life of the server begins everything anew. */
  take(look: Look): void {
    this.#sort = look.sort;
    const before = this.#looks.at(-1);
    const isSame = before !== undefined && lifeOf(before.scrape) === lifeOf(look.scrape);
    if (!isSame) this.#looks = [];
    this.#looks.push(look);
    if (this.#looks.length > DELAY_LOOKS) this.#looks.shift();
    for (const name of RATES) {
      const { history } = this.#rates[name];
      const now = isSame ? rateOf(before, look, COUNTERS[name]) : undefined;
      const longer = now === undefined ? history : [...history.slice(1 - HISTORY), now];
      this.#rates[name] = { now, history: isSame ? longer : [] };
    }
    for (const row of look.tables?.servers ?? []) this.#seen.set(row.id, { row, at: look.at });
    for (const [id, { at }] of this.#seen) if (look.at - at > GONE_MS) this.#seen.delete(id);
  }

  happened(event: EventRow): void {
    this.#events.push(event);
    if (this.#events.length > MOST_EVENTS) this.#events.shift();
  }

  /** What is to be shown; undefined before the first look. `unixNow` is the time of day, in Unix ms. */
  view(unixNow: number): View | undefined {
    const look = this.#looks.at(-1);
    if (look === undefined) return undefined;
    const { scrape, tables, closed } = look;
    const started = scrape.value('process_start_time_seconds');
    const names = new Map([...this.#seen].map(([id, { row }]) => [id, row.name]));
    return {
      server: scrape.label('chorus_info', 'server') ?? '',
      id: scrape.label('chorus_info', 'id') ?? '',
      version: scrape.label('chorus_info', 'version') ?? '',
      isReady: scrape.value('chorus_ready') === 1,
      upMs: started === undefined ? undefined : Math.max(0, unixNow - started * 1000),
      gauges: gaugesOf(scrape),
      rates: { ...this.#rates },
      loop: this.#delay('chorus_loop_delay_seconds'),
      commit: this.#delay('chorus_commit_seconds'),
      closed,
      servers: this.#servers(look),
      links: (tables?.links ?? []).map((link) => this.#link(link, look.at)),
      rooms: this.#rooms(tables?.rooms ?? [], look.at, names),
      roomsInAll: tables?.roomsInAll ?? 0,
      laggards: tables?.laggards ?? [],
      laggardsInAll: tables?.laggardsInAll ?? 0,
      events: this.#events,
    };
  }

  /** Those that are there, in their order, then those that were. A server that is alone tells nobody its load: it is ours. */
  #servers({ at, scrape, tables }: Look): ShownServer[] {
    if (tables === undefined) return [];
    const own = scrape.label('chorus_info', 'id');
    const here = new Set(tables.servers.map(({ id }) => id));
    const gone = [...this.#seen.values()].filter(({ row }) => !here.has(row.id));
    return [
      ...tables.servers.map((row) => ({ ...(String(row.id) === own ? this.#loaded(row) : row), goneMs: undefined })),
      ...gone.map(({ row, at: seenAt }) => ({ ...row, goneMs: at - seenAt })),
    ];
  }

  /** The server that is looked at, with the load that it tells, or else that it is seen to have. */
  #loaded(row: ServerRow): ServerRow {
    const rooms = this.#looks.at(-1)?.scrape.value(GAUGES.rooms);
    const [inRate, outRate] = [this.#rates.messages.now, this.#rates.deliveries.now];
    if (row.load !== undefined || rooms === undefined || inRate === undefined || outRate === undefined) return row;
    return { ...row, load: { rooms, inRate, outRate } };
  }

  /** Rooms in their order, with the rate since the look before where there is one: it is newer than what the server says. */
  #rooms(rooms: readonly RoomRow[], at: number, names: ReadonlyMap<number, string>): ShownRoom[] {
    const before = this.#looks.at(-2);
    const then = new Map(before?.tables?.rooms.map((room) => [`${room.name} ${room.epoch}`, room.next]));
    const seconds = before === undefined ? 0 : (at - before.at) / 1000;
    const shown = rooms.map((room) => {
      const next = then.get(`${room.name} ${room.epoch}`);
      const rate = next === undefined || seconds <= 0 ? room.rate : Math.max(0, (room.next - next) / seconds);
      return { ...room, rate, home: homeOf(room.epoch, names) };
    });
    return this.#sort === 'rate' ? shown.sort((a, b) => b.rate - a.rate) : shown;
  }

  #link(link: LinkRow, at: number): ShownLink {
    const before = this.#looks.at(-2);
    const same = before?.tables?.links.find(
      ({ id, incarnation }) => id === link.id && incarnation === link.incarnation,
    );
    const seconds = before === undefined ? 0 : (at - before.at) / 1000;
    const rate = (now: number, then: number | undefined): number | undefined =>
      then === undefined || now < then || seconds <= 0 ? undefined : (now - then) / seconds;
    return {
      ...link,
      writtenRate: rate(link.writtenBytes, same?.writtenBytes),
      receivedRate: rate(link.receivedBytes, same?.receivedBytes),
    };
  }

  #delay(name: string): Delay {
    const [first, last] = [this.#looks[0], this.#looks.at(-1)];
    const all: Buckets = last?.scrape.buckets(name) ?? [];
    const counted = first === last ? all : between(first?.scrape.buckets(name) ?? [], all);
    return { half: quantile(counted, 0.5), p99: quantile(counted, 0.99) };
  }
}

function emptyRates(): Record<RateName, Rate> {
  const none = { now: undefined, history: [] };
  return Object.fromEntries(RATES.map((name) => [name, none])) as unknown as Record<RateName, Rate>;
}

function gaugesOf(scrape: Scrape): Record<GaugeName, number | undefined> {
  const values = Object.entries(GAUGES).map(([name, metric]) => [name, scrape.value(metric)]);
  return Object.fromEntries(values) as Record<GaugeName, number | undefined>;
}

/** What tells one life of a server from another. */
function lifeOf(scrape: Scrape): string {
  return `${scrape.label('chorus_info', 'id')} ${scrape.value('process_start_time_seconds')}`;
}

function rateOf(before: Look, after: Look, metric: string): number | undefined {
  const seconds = (after.at - before.at) / 1000;
  // A counter of many values has none before the first of them is counted.
  const [was, is] = [before.scrape.sum(metric) ?? 0, after.scrape.sum(metric)];
  return is === undefined || seconds <= 0 || is < was ? undefined : (is - was) / seconds;
}

/** An epoch ends in the number of its home. */
function homeOf(epoch: string, names: ReadonlyMap<number, string>): string {
  const id = epoch.slice(epoch.lastIndexOf('.') + 1);
  return names.get(Number(id)) ?? id;
}
