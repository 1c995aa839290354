// The lookout: a client that is in no room and asks, through whichever server it is connected to, what the network looks
// like: who is linked with whom, and where rooms are at home. It goes on at another server when its own is lost.

import { readNumber } from '../../client/frames.ts';
import type { Client } from '../../client/transport/driver.ts';
import { connectTcp } from '../../client/transport/tcp.ts';
import type { MapRow } from './text.ts';

const LIMITS = { requestMs: 2_000, retryMs: 100, retryMaxMs: 500, quitMs: 200, pingIdleMs: 3_000, pingAnswerMs: 2_000 };

/** A room, and the server that gives it its numbers. */
export interface RoomAtHome {
  readonly room: string;
  readonly home: number;
}

export class Lookout {
  readonly #client: Client;

  constructor(address: string) {
    this.#client = connectTcp({ servers: [address], nick: 'lookout', limits: LIMITS });
  }

  /** MAP, without the lookout itself; undefined when nobody answers. */
  async map(): Promise<MapRow[] | undefined> {
    const lines = await this.#client.request('MAP').catch(() => undefined);
    return lines?.slice(0, -1).map(([server = '', , hopcount, via = '', users], i) => ({
      server,
      hopcount: readNumber(hopcount) ?? 0,
      via,
      users: Math.max((readNumber(users) ?? 0) - (i === 0 ? 1 : 0), 0),
    }));
  }

  /** Every room; undefined when nobody answers. */
  async rooms(): Promise<RoomAtHome[] | undefined> {
    const lines = await this.#client.request('LISTROOMS').catch(() => undefined);
    // An epoch ends in the number of its home.
    return lines?.slice(0, -1).map(([room = '', , epoch = '']) => ({ room, home: Number(epoch.split('.')[1]) }));
  }

  close(): void {
    void this.#client.quit();
  }
}
