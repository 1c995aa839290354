// A network of one server: what MAP, LOCATE and SCLOSE see where there are no links.

import type { ServerIdentity } from './config.ts';
import type { CloseVerdict, Network, ServerRow } from './ports.ts';
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
    return [{ name, id, hopcount: 0, via: '', users: this.#users.size, info }];
  }

  hopcount(): number {
    return 0;
  }

  close(server: string, peer: string): CloseVerdict {
    if (server !== this.#server.name) return 'no-such-server';
    return peer === '' ? 'self' : 'no-such-peer';
  }
}
