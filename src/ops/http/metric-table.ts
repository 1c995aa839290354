// The table of metrics: what /metrics tells, one row each. A row has a name by the conventions of Prometheus (`_total`
// for what only rises, base units), a line of help, its labels, and how it is read from a sample. docs/OPERATING.md has
// the same table, and the dashboard names no other metric; a test holds both to these rows.

import type { WriteSizes } from '../../net/write-sizes.ts';
import { COMMIT_BOUNDS } from '../../node/room-counters.ts';
import type { Figures, MeshFigures } from '../../node/view.ts';
import { DELAY_BOUNDS, type LoopDelay } from '../loop-delay.ts';

/** What a scrape looks at. */
export interface Sample {
  readonly server: { readonly name: string; readonly id: number; readonly version: string; readonly startedAt: number };
  readonly ready: boolean;
  readonly figures: Figures;
  readonly writes: WriteSizes;
  /** Handshakes of TLS since the start, where there is any. */
  readonly handshakes: Readonly<Record<string, { readonly done: number; readonly failed: number }>>;
  /** Requests for a WebSocket since the start, by the status that answered them. */
  readonly upgrades: ReadonlyMap<number, number>;
  readonly loop: LoopDelay;
  /** `level event` → count. */
  readonly events: ReadonlyMap<string, number>;
  readonly process: {
    readonly cpuSeconds: number;
    readonly residentBytes: number;
    readonly heapBytes: number;
    /** 0 where the system does not tell. */
    readonly openFiles: number;
    readonly mostFiles: number;
  };
}

/** One value, with a value for each label of its row. */
export type Value = readonly [value: number, ...labels: readonly (string | number)[]];

/** Buckets, each with all below it, and what was counted. */
export interface Distribution {
  readonly buckets: readonly (readonly [atMost: number, count: number])[];
  readonly count: number;
  readonly sum: number;
}

interface Named {
  readonly name: string;
  readonly help: string;
}

export type Metric =
  | (Named & {
      readonly type: 'counter' | 'gauge';
      readonly labels: readonly string[];
      readonly read: (sample: Sample) => readonly Value[];
    })
  | (Named & { readonly type: 'histogram'; readonly read: (sample: Sample) => Distribution });

type ReadOne = (sample: Sample) => number;

const one = (type: 'counter' | 'gauge', name: string, help: string, read: ReadOne): Metric => ({
  ...{ type, name, help, labels: [] },
  read: (sample) => [[read(sample)]],
});
const counter = (name: string, help: string, read: ReadOne): Metric => one('counter', name, help, read);
const gauge = (name: string, help: string, read: ReadOne): Metric => one('gauge', name, help, read);

/** Of the network; a server that is alone has none. */
const mesh = (type: 'counter' | 'gauge', name: string, help: string, read: (mesh: MeshFigures) => number): Metric => ({
  ...{ type, name, help, labels: [] },
  read: ({ figures }) => (figures.mesh === undefined ? [] : [[read(figures.mesh)]]),
});

/** Of counts by bucket: one for each bound, and one for all above. */
function distribution(bounds: readonly number[], counts: Float64Array, sum: number): Distribution {
  let below = 0;
  const upTo = [...counts].map((count) => {
    below += count;
    return below;
  });
  return { buckets: bounds.map((bound, i) => [bound, upTo[i] as number]), count: below, sum };
}

const WRITE_BOUNDS = [64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576];

export const METRICS: readonly Metric[] = [
  {
    ...{ name: 'chorus_info', type: 'gauge', help: 'Always 1; the labels say which server this is.' },
    labels: ['server', 'id', 'version'],
    read: ({ server }) => [[1, server.name, server.id, server.version]],
  },
  gauge('chorus_ready', '1 when clients should come, 0 while joining or draining.', ({ ready }) => (ready ? 1 : 0)),

  gauge('chorus_connections', 'Connections of clients, registered or not.', ({ figures }) => figures.clients),
  counter('chorus_connections_opened_total', 'Connections of clients and servers.', ({ figures }) => figures.opened),
  counter('chorus_connections_refused_total', 'Connections that found no place.', ({ figures }) => figures.refused),
  {
    ...{ name: 'chorus_tls_handshakes_total', type: 'counter', labels: ['with', 'outcome'] },
    help: 'TLS handshakes with clients or servers: done, or failed for whatever reason.',
    read: ({ handshakes }) =>
      Object.entries(handshakes).flatMap(([peers, { done, failed }]) => [
        [done, peers, 'done'],
        [failed, peers, 'failed'],
      ]),
  },
  {
    ...{ name: 'chorus_web_requests_total', type: 'counter', labels: ['status'] },
    help: 'Requests where browsers come, by the status of the answer; 101 is one that became a WebSocket.',
    read: ({ upgrades }) => [...upgrades].map(([status, count]) => [count, status]),
  },
  gauge('chorus_users', 'Users of this server.', ({ figures }) => figures.usersHere),
  gauge('chorus_network_users', 'Users of all servers that this one knows of.', ({ figures }) => figures.users),
  gauge('chorus_rooms', 'Rooms that this server knows.', ({ figures }) => figures.rooms),

  counter('chorus_received_bytes_total', 'Bytes from clients.', ({ figures }) => figures.received),
  counter('chorus_written_bytes_total', 'Bytes to clients and servers.', ({ figures }) => figures.written),
  {
    ...{ name: 'chorus_write_size_bytes', type: 'histogram', help: 'Bytes that one write to a connection took.' },
    read: ({ writes }) => ({
      buckets: WRITE_BOUNDS.map((bound) => [bound, writes.upTo(bound)]),
      count: writes.upTo(2 ** 31),
      sum: writes.bytes,
    }),
  },
  counter('chorus_writes_blocked_total', 'Writes of which nothing was taken.', ({ writes }) => writes.refused),
  counter('chorus_flushes_total', 'Batches of input that had something to write.', ({ writes }) => writes.flushes),
  counter('chorus_lags_total', 'Times that a room overtook a slow reader.', ({ figures }) => figures.lags),
  gauge('chorus_laggards', 'Clients who take nothing of what they are given.', ({ figures }) => figures.laggards),
  gauge('chorus_ring_bytes', 'Memory of what rooms keep for readers to catch up.', ({ figures }) => figures.ringBytes),

  {
    ...{ name: 'chorus_commands_total', type: 'counter', help: 'Good frames of clients, by verb.', labels: ['verb'] },
    read: ({ figures }) => figures.commands.map(([verb, count]) => [count, verb]),
  },
  {
    ...{ name: 'chorus_errors_total', type: 'counter', help: 'Errors told to clients, by name.', labels: ['error'] },
    read: ({ figures }) => [...figures.errors].map(([name, count]) => [count, name]),
  },

  counter('chorus_messages_total', 'Messages published in rooms here.', ({ figures }) => figures.messages),
  counter(
    'chorus_deliveries_total',
    'Messages times the readers each had here when it was published.',
    ({ figures }) => figures.deliveries,
  ),
  counter('chorus_reservations_total', 'Numbers given to who asked for one.', ({ figures }) => figures.reservations),
  counter('chorus_skips_total', 'Numbers that were skipped.', ({ figures }) => figures.skips),
  counter('chorus_epochs_total', 'Epochs of rooms that began here.', ({ figures }) => figures.epochs),
  {
    ...{ name: 'chorus_commit_seconds', type: 'histogram', help: 'From a message to its commit at another server.' },
    read: ({ figures }) => {
      const seconds = COMMIT_BOUNDS.map((ms) => ms / 1000);
      return distribution(seconds, figures.commits, figures.commitMs / 1000);
    },
  },
  gauge('chorus_message_ids', 'Message ids known, so that none is said twice.', ({ figures }) => figures.ids),

  mesh('gauge', 'chorus_links', 'Links to other servers that are up.', ({ links }) => links),
  mesh('gauge', 'chorus_servers', 'Servers within reach, this one counted.', ({ servers }) => servers),
  {
    ...{ name: 'chorus_facts_total', type: 'counter', help: 'Facts of other servers, by what became of them.' },
    labels: ['outcome'],
    read: ({ figures }) => {
      const facts = figures.mesh?.facts;
      return facts === undefined ? [] : Object.entries(facts).map(([outcome, count]) => [count, outcome]);
    },
  },
  mesh(
    'gauge',
    'chorus_vector_distance_facts',
    'Facts that neighbours have and that are missing here.',
    ({ distance }) => distance,
  ),
  mesh('gauge', 'chorus_fact_log_bytes', 'Memory of facts kept for neighbours.', ({ logBytes }) => logBytes),
  mesh('counter', 'chorus_snapshots_total', 'Snapshots of other servers taken.', ({ snapshots }) => snapshots),
  mesh(
    'counter',
    'chorus_digest_mismatches_total',
    'Equal vectors with different states; must stay 0.',
    ({ mismatches }) => mismatches,
  ),
  {
    ...{ name: 'chorus_discovery_dropped_total', type: 'counter', help: 'Datagrams dropped, by reason.' },
    labels: ['reason'],
    read: ({ figures }) => Object.entries(figures.mesh?.drops ?? {}).map(([reason, count]) => [count, reason]),
  },
  {
    ...{ name: 'chorus_clock_skew_seconds', type: 'gauge', help: 'Clock of another server less ours.' },
    labels: ['id'],
    read: ({ figures }) => [...(figures.mesh?.skews ?? [])].map(([id, ms]) => [ms / 1000, id]),
  },
  {
    ...{ name: 'chorus_round_trip_seconds', type: 'gauge', help: 'The way to a neighbour and back, measured last.' },
    labels: ['id'],
    read: ({ figures }) => [...(figures.mesh?.trips ?? [])].map(([id, ms]) => [ms / 1000, id]),
  },

  {
    ...{ name: 'chorus_log_events_total', type: 'counter', help: 'Events of the log, whether written or not.' },
    labels: ['level', 'event'],
    read: ({ events }) => [...events].map(([key, count]) => [count, ...key.split(' ')]),
  },
  {
    ...{ name: 'chorus_loop_delay_seconds', type: 'histogram', help: 'How late a timer came, five times a second.' },
    read: ({ loop }) => distribution(DELAY_BOUNDS, loop.counts, loop.sum),
  },
  counter('process_cpu_seconds_total', 'Processor time, user and system.', ({ process }) => process.cpuSeconds),
  gauge('process_resident_memory_bytes', 'Resident memory.', ({ process }) => process.residentBytes),
  gauge('process_heap_bytes', 'Memory of JavaScript values.', ({ process }) => process.heapBytes),
  {
    ...{ name: 'process_open_fds', type: 'gauge', help: 'Files that are open; where the system tells it.', labels: [] },
    read: ({ process }) => (process.openFiles > 0 ? [[process.openFiles]] : []),
  },
  gauge('process_max_fds', 'Files that may be open.', ({ process }) => process.mostFiles),
  gauge('process_start_time_seconds', 'When it started, in Unix time.', ({ server }) => server.startedAt / 1000),
];

/** The table in Markdown. */
export function metricsMarkdown(): string {
  const rows = METRICS.map((metric) => {
    const labels = metric.type === 'histogram' ? '' : metric.labels.map((label) => `\`${label}\``).join(', ');
    return `| \`${metric.name}\` | ${metric.type} | ${labels} | ${metric.help} |`;
  });
  return `${['| Metric | Type | Labels | Meaning |', '|---|---|---|---|', ...rows].join('\n')}\n`;
}
