// The network as people see it: which servers there are, how far away, and how one is left. It reads what the mesh
// knows and keeps nothing.

import type { ServerId } from '../base/ids.ts';
import type { CloseVerdict, Network, ServerRow } from '../chat/ports.ts';
import { foldName } from '../mesh/identity.ts';
import { encodeFrame } from '../wire/writer.ts';
import type { Mesh } from './mesh.ts';

export class MeshNetwork implements Network {
  readonly #mesh: Mesh;
  readonly #users: (server: ServerId) => number;

  /** `users` counts the users of a server. */
  constructor(mesh: Mesh, users: (server: ServerId) => number) {
    this.#mesh = mesh;
    this.#users = users;
  }

  servers(): readonly ServerRow[] {
    const { topology } = this.#mesh.replica;
    const rows: ServerRow[] = [];
    for (const id of topology.reachable()) {
      const server = topology.server(id);
      const hopcount = topology.hopcount(id);
      if (server === undefined || hopcount === undefined) continue;
      const { name, info } = server;
      rows.push({ name, id, hopcount, via: this.#via(id), users: this.#users(id), info });
    }
    return rows;
  }

  hopcount(server: string): number {
    const { topology } = this.#mesh.replica;
    const id = topology.named(server)?.id;
    return id === undefined ? 0 : (topology.hopcount(id) ?? 0);
  }

  close(server: string, peer: string, comment: string): CloseVerdict {
    const { links, replica, router } = this.#mesh;
    if (foldName(server) !== foldName(links.self.name)) {
      const id = replica.topology.named(server)?.id;
      const bytes = encodeFrame('SCLOSE', server, comment, peer);
      return id !== undefined && router.send(id, bytes, 0, bytes.length, 1) ? 'dispatched' : 'no-such-server';
    }
    if (peer === '') return 'self';
    return this.#mesh.closeLink(peer, comment) ? 'dispatched' : 'no-such-peer';
  }

  /** The name of the direct peer that leads to a server; '' for this one. */
  #via(id: ServerId): string {
    const { topology } = this.#mesh.replica;
    const hop = topology.nextHop(id);
    return hop === undefined ? '' : (topology.server(hop)?.name ?? '');
  }
}
