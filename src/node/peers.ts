// The other servers as chat speaks to them: facts go to all, requests to one. It keeps nothing.

import type { RoomKey, ServerId } from '../base/ids.ts';
import type { Peers, RoomPort } from '../chat/ports.ts';
import type { LinkConnections } from './link-connections.ts';
import type { Mesh } from './mesh.ts';
import type { SharedRooms } from './shared-rooms.ts';

export class MeshPeers implements Peers {
  readonly #mesh: Mesh;
  readonly #rooms: SharedRooms;

  constructor({ mesh, rooms }: LinkConnections) {
    this.#mesh = mesh;
    this.#rooms = rooms;
  }

  fact(bytes: Uint8Array, start: number, end: number): void {
    this.#mesh.replica.originate(bytes, start, end, 1);
  }

  to(server: ServerId, bytes: Uint8Array, start: number, end: number): boolean {
    return this.#mesh.router.send(server, bytes, start, end, 1);
  }

  nameOf(server: ServerId): string {
    return this.#mesh.replica.topology.name(server);
  }

  openRoom(key: RoomKey, name: string): RoomPort {
    return this.#rooms.open(key, name);
  }
}
