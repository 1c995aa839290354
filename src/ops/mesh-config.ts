// What the mesh is told: from the options and the addresses that were bound. The sizes that nobody has had a reason to
// change stand here, beside what they bound.

import { serverId } from '../base/ids.ts';
import type { ListenAddress } from '../net/edge.ts';
import type { MeshConfig } from '../node/mesh.ts';
import { formatAddress, formatWebSocket, isLoopback, isUnspecified } from './address.ts';
import type { Options } from './options/option-table.ts';

const MIB = 1024 * 1024;

/** How others reach this server, as far as it was bound and told. */
export interface Reach {
  readonly id: number;
  readonly incarnation: number;
  /** Another life was given up for this one. */
  readonly reborn: boolean;
  readonly links: ListenAddress;
  readonly clients: readonly ListenAddress[];
  /** Undefined where no WebSockets connect. */
  readonly web: ListenAddress | undefined;
}

export function meshConfig(options: Options, reach: Reach): MeshConfig {
  const { host, port } = options.advertise ?? reach.links;
  const clients = options.advertiseClients.length > 0 ? options.advertiseClients : offered(reach.clients, host);
  const webs = reach.web === undefined ? [] : offered([reach.web], host).map(formatWebSocket);
  return {
    network: options.network,
    self: {
      name: options.name,
      id: serverId(reach.id),
      ip: host,
      port,
      incarnation: reach.incarnation,
      info: options.info,
      clients: [...clients.map(formatAddress), ...(options.advertiseWeb.length > 0 ? options.advertiseWeb : webs)],
    },
    reborn: reach.reborn,
    peers: options.peers,
    discovery: options.discovery !== 'off',
    replica: {
      holdMs: options.hold,
      unseenMs: 60_000,
      vectorMs: 30_000,
      answerMs: 5000,
      servers: 256,
      log: { facts: 4096, bytes: 4 * MIB },
      logBytes: 64 * MIB,
      snapshotBytes: 256 * MIB,
    },
    rooms: {
      holdMs: options.hold,
      ack: options.ack,
      memory: { slots: options.roomMessages, bytes: options.roomBytes },
      memoryBytes: options.roomMemoryBytes,
    },
    fullBytes: MIB,
    mostBytes: 4 * MIB,
  };
}

/**
 * Where clients of other servers are told to go, of the places where we listen. All addresses of this machine are told
 * as the one that its links have. Where others are elsewhere (`host` is not loopback), our loopback would be their own.
 */
function offered(listening: readonly ListenAddress[], host: string): ListenAddress[] {
  const places = listening.map((each) => (isUnspecified(each.host) ? { ...each, host } : each));
  return isLoopback(host) ? places : places.filter((place) => !isLoopback(place.host));
}
