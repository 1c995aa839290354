// Places: where else clients may connect. Who came by WebSocket hears of WebSockets (`ws://…`, `wss://…`), and everybody
// else of the rest: nobody is sent to where it cannot go.

const WEB_SOCKET = /^wss?:\/\//i;

/** Whether an address is that of a WebSocket. */
export function isWebSocket(address: string): boolean {
  return WEB_SOCKET.test(address);
}

/** How a client has come. */
export type Way = 'tcp' | 'web';

export class Places {
  #all: readonly string[];

  constructor(addresses: readonly string[]) {
    this.#all = addresses;
  }

  /** Those for who has come this way. */
  by(way: Way): string[] {
    return this.#all.filter((address) => isWebSocket(address) === (way === 'web'));
  }

  /** Takes these in place of those before; the ways for which that is news. */
  replace(addresses: readonly string[]): Way[] {
    const before = new Places(this.#all);
    this.#all = [...addresses];
    return (['tcp', 'web'] as const).filter((way) => before.by(way).join() !== this.by(way).join());
  }
}
