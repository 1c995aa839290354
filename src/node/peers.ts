// The other servers as chat speaks to them: facts go to all, requests to one. It keeps nothing.

import type { RoomKey, ServerId, Uid } from '../base/ids.ts';
import type { Peers, RoomPort } from '../chat/ports.ts';
import type { Session } from '../chat/session.ts';
import type { Mesh } from './mesh.ts';
import { isTold } from './people.ts';

export interface PeersHost {
  openRoom(key: RoomKey, name: string, now: number): RoomPort;
  /** All servers of a network make and know the same tokens. */
  isToken(uid: Uid, token: string): boolean;
}

export class MeshPeers implements Peers {
  readonly #mesh: Mesh;
  readonly #host: PeersHost;

  constructor(mesh: Mesh, host: PeersHost) {
    this.#mesh = mesh;
    this.#host = host;
  }

  fact(bytes: Uint8Array, start: number, end: number): void {
    if (isTold(bytes, start, end)) this.#mesh.replica.originate(bytes, start, end, 1);
  }

  to(server: ServerId, bytes: Uint8Array, start: number, end: number): boolean {
    return this.#mesh.router.send(server, bytes, start, end, 1);
  }

  nameOf(server: ServerId): string {
    return this.#mesh.replica.topology.server(server)?.name ?? `${server}`;
  }

  openRoom(key: RoomKey, name: string, now: number): RoomPort {
    return this.#host.openRoom(key, name, now);
  }

  isToken(_session: Session, uid: Uid, token: string): boolean {
    return this.#host.isToken(uid, token);
  }
}
