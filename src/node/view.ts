// The view: what a node shows to operators, as plain values. It reads and changes nothing, and nothing of it is kept up
// to date: whoever wants to know pays for looking, and the way of a message pays nothing.

import type { ServerId } from '../base/ids.ts';
import type { Drop } from '../mesh/discovery.ts';
import type { Node } from './node.ts';

/** So long a server that has found nobody yet, or has not caught up, is not sent clients. */
export const JOIN_MS = 5000;

/** Whether clients should be sent to a server, and if not, why. */
export type Readiness = { readonly ready: true } | { readonly ready: false; readonly reason: string };

/** Figures of the network; those of a server that is alone are left out. */
export interface MeshFigures {
  readonly links: number;
  /** Servers within reach, this one too. */
  readonly servers: number;
  readonly facts: { readonly applied: number; readonly old: number; readonly gaps: number };
  /** Facts that neighbours have and that are missing here. */
  readonly distance: number;
  readonly logBytes: number;
  readonly snapshots: number;
  /** Must stay 0. */
  readonly mismatches: number;
  readonly drops: Readonly<Record<Drop, number>>;
  /** Clock of a server less ours, in ms. */
  readonly skews: ReadonlyMap<ServerId, number>;
  /** Neighbour → the way there and back, in ms. */
  readonly trips: ReadonlyMap<ServerId, number>;
}

/** Counts since the start, and what there is now. */
export interface Figures {
  readonly clients: number;
  readonly usersHere: number;
  readonly users: number;
  readonly rooms: number;
  readonly opened: number;
  readonly refused: number;
  readonly received: number;
  readonly written: number;
  readonly lags: number;
  /** Clients who take nothing at present of what they are given. */
  readonly laggards: number;
  readonly commands: readonly (readonly [verb: string, count: number])[];
  readonly errors: ReadonlyMap<string, number>;
  readonly reservations: number;
  readonly messages: number;
  readonly skips: number;
  readonly deliveries: number;
  readonly epochs: number;
  /** Times to commit by bucket of COMMIT_BOUNDS, and their sum in ms. */
  readonly commits: Float64Array;
  readonly commitMs: number;
  /** Bytes that rings hold for slow readers. */
  readonly ringBytes: number;
  /** Message ids that are known. */
  readonly ids: number;
  readonly mesh: MeshFigures | undefined;
}

/** Everything that is counted. Looks at every connection. */
export function figures(node: Node): Figures {
  const { chat, connections, rooms, links } = node;
  const { received, written, lags } = connections.traffic;
  const { messages, skips, deliveries, epochs, commits, commitMs } = rooms.counted;
  const { commands, errors, reservations } = chat.counted;
  const { opened, refused } = connections;
  const linked = links === undefined ? 0 : [...links.mesh.links.peers()].length;
  return {
    ...{ clients: connections.count - linked, usersHere: chat.users.here, users: chat.users.size },
    ...{ rooms: chat.rooms.size, opened, refused, received, written, lags, commands, errors, reservations },
    laggards: laggardsOf(node),
    ...{ messages, skips, deliveries, epochs, commits, commitMs, ringBytes: rooms.budget.held, ids: rooms.ids.held },
    mesh: meshFigures(node, linked),
  };
}

function laggardsOf({ connections }: Node): number {
  let count = 0;
  for (const { session, outbox } of connections) if (session !== undefined && outbox.blocked) count++;
  return count;
}

function meshFigures({ links }: Node, up: number): MeshFigures | undefined {
  if (links === undefined) return undefined;
  const { replica, discovery } = links.mesh;
  const { facts, old, gaps, snapshots, mismatches } = replica.counters;
  return {
    links: up,
    servers: [...replica.topology.reachable()].length,
    facts: { applied: facts, old, gaps },
    distance: replica.distance,
    logBytes: replica.kept.logBytes,
    snapshots,
    mismatches,
    drops: discovery.drops,
    skews: discovery.skews,
    trips: links.mesh.links.trips(),
  };
}

/**
 * Whether clients should come. Not while the server is stopping, and not before it knows what its network knows: until
 * it has caught up with a neighbour, or was there for JOIN_MS and is the first of its network for all it can tell.
 */
export function readiness(node: Node, startedAt: number, now: number): Readiness {
  if (node.stopping) return { ready: false, reason: 'draining: the server is about to stop' };
  const { links } = node;
  if (links === undefined || links.mesh.replica.joined || now - startedAt >= JOIN_MS) return { ready: true };
  return { ready: false, reason: 'joining: the server does not know yet what its network knows' };
}
