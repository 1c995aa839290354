// A server: the lives that one process leads under one name, one at a time. Usually that is one. Where the clock went
// back between two starts, the network remembers a later life of this server than the one that began, and hears nothing
// of what that one says: then it ends, everybody is told to connect again, and another one begins in its place with
// what the network takes for later. Nothing is carried over, so nothing has to be renumbered: no uid, fact or epoch of
// the life that was given up is ever seen in the next.

import { Life, type LiveParts, type Ready, type ServerParts } from './life.ts';

const AGAIN = 'This server begins a new life; connect again';

export class Server {
  /** What the first life said when it listened; ports stay the same. */
  readonly ready: Ready;
  #parts: ServerParts;
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

  /** Takes other settings, as far as a server that runs can: those that its options call live. */
  reconfigure({ options, operators, secrets, apiTokens, passwordHash, tls }: LiveParts): void {
    this.#parts = { ...this.#parts, options, operators, secrets, apiTokens, passwordHash, tls };
    this.#life.reconfigure(this.#parts);
  }

  /**
   * Accepts nothing more and says ERROR to all, over the time for that where it drains and they have another server to go
   * to; resolves when everybody has gone, or when the time for that is over.
   */
  async stop(reason: string, drains: boolean): Promise<void> {
    this.#stopping = true;
    await this.#renewal?.catch(() => undefined);
    await this.#life.stop(reason, drains ? this.#parts.options.drainMs : 0);
  }

  #renew(incarnation: number): void {
    if (this.#stopping || this.#renewal !== undefined) return;
    this.#renewal = this.#begin(incarnation);
  }

  /** A life comes about once more at most: a second one that is outlived stays as it is. */
  async #begin(incarnation: number): Promise<void> {
    const { clients, links, http, web, ready } = this.#life;
    await this.#life.stop(AGAIN, 0);
    this.#life.close();
    if (this.#stopping) return;
    const off = 'off' as const;
    const parts = this.#parts;
    const options = {
      ...parts.options,
      clients,
      links: links ?? off,
      http: http ?? off,
      web: web ?? off,
      id: ready.id,
    };
    this.#life = await Life.start({ ...parts, options }, { incarnation, onOutlived: () => {} });
    // What was told meanwhile was told to the life before.
    if (this.#parts !== parts) this.#life.reconfigure(this.#parts);
  }
}
