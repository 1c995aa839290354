// A server: the lives that one process leads under one name, one at a time. Usually that is one. Where the clock went
// back between two starts, the network remembers a later life of this server than the one that began, and hears nothing
// of what that one says: then it ends, everybody is told to connect again, and another one begins in its place with
// what the network takes for later. Nothing is carried over, so nothing has to be renumbered: no uid, fact or epoch of
// the life that was given up is ever seen in the next.

import { Life, type Ready, type ServerParts } from './life.ts';

const AGAIN = 'This server begins a new life; connect again';

export class Server {
  /** What the first life said when it listened; ports stay the same. */
  readonly ready: Ready;
  readonly #parts: ServerParts;
  #life: Life;
  /** The next life is being begun. */
  #renewal: Promise<void> | undefined;
  #stopping = false;

  /** Starts to listen and to look for others; rejects with ListenError when an address cannot be had. */
  static async start(parts: ServerParts): Promise<Server> {
    let outlived = (_incarnation: number): void => {};
    const life = await Life.start(parts, { onOutlived: (incarnation) => outlived(incarnation) });
    const server = new Server(parts, life);
    outlived = (incarnation) => server.#renew(incarnation);
    return server;
  }

  private constructor(parts: ServerParts, life: Life) {
    this.#parts = parts;
    this.#life = life;
    this.ready = life.ready;
  }

  /**
   * Accepts nothing more and says ERROR to all, over `drainMs` where they have another server to go to; resolves when
   * everybody has gone, or when the time for that is over.
   */
  async stop(reason: string, drainMs = 0): Promise<void> {
    this.#stopping = true;
    await this.#renewal?.catch(() => undefined);
    await this.#life.stop(reason, drainMs);
  }

  #renew(incarnation: number): void {
    if (this.#stopping || this.#renewal !== undefined) return;
    this.#renewal = this.#begin(incarnation);
  }

  /** A life comes about once more at most: a second one that is outlived stays as it is. */
  async #begin(incarnation: number): Promise<void> {
    const { clients, links, http, ready } = this.#life;
    await this.#life.stop(AGAIN, 0);
    this.#life.close();
    if (this.#stopping) return;
    const off = 'off' as const;
    const options = { ...this.#parts.options, clients, links: links ?? off, http: http ?? off, id: ready.id };
    this.#life = await Life.start({ ...this.#parts, options }, { incarnation, onOutlived: () => {} });
  }
}
