// A network of one server: what MAP, LOCATE and SCLOSE see where there are no links. Nobody is told
// anything there.

import type { ServerId } from '../base/ids.ts';
import type { ServerIdentity } from './config.ts';
import type { CloseVerdict, Network, Peers, RoomPort, ServerRow } from './ports.ts';
import type { Users } from './users.ts';

export class OneServer implements Network {
  readonly #server: ServerIdentity;
  readonly #users: Users;

  constructor(server: ServerIdentity, users: Users) {
    this.#server = server;
    this.#users = users;
  }

  servers(): readonly ServerRow[] {
    const { name, id, info } = this.#server;
    return [{ name, id, hopcount: 0, via: '', users: this.#users.here, info }];
  }

  hopcount(): number {
    return 0;
  }

  close(server: string, peer: string): CloseVerdict {
    if (server !== this.#server.name) return 'no-such-server';
    return peer === '' ? 'self' : 'no-such-peer';
  }
}

export class NoPeers implements Peers {
  fact(): void {}

  to(): boolean {
    return false;
  }

  nameOf(server: ServerId): string {
    return String(server);
  }

  openRoom(): RoomPort {
    throw new Error('no other server has a room');
  }
}
