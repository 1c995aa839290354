// A raw client for tests: types frames at a server over a real socket and waits for what comes back. It knows lines and
// nothing of the protocol, so that what a test expects stands in the test.

import type { Socket, SocketHandler, TCPSocketConnectOptions } from 'bun';
import { Heard } from './heard.ts';
import { narrowSocket } from './narrow-socket.ts';

export class RawClient extends Heard implements Disposable {
  /** Bytes received. */
  received = 0;
  #rest = '';
  #socket: Socket | undefined;
  readonly #unsent: Uint8Array[] = [];
  readonly #decoder = new TextDecoder();

  static async connect(port: number): Promise<RawClient> {
    const client = new RawClient();
    client.#socket = await Bun.connect({
      hostname: '127.0.0.1',
      port,
      allowHalfOpen: true,
      socket: client.#handlers(),
    });
    return client;
  }

  /** Connects by a socket that holds little, so that a server soon notices when nobody reads. */
  static async connectNarrow(port: number): Promise<RawClient> {
    const client = new RawClient();
    // Bun takes a descriptor in the place of an address, which its types do not say.
    const socket = { fd: narrowSocket(port), allowHalfOpen: true, socket: client.#handlers() };
    client.#socket = await Bun.connect(socket as unknown as TCPSocketConnectOptions<undefined>);
    return client;
  }

  /** Connects with TLS; resolves when the handshake is over, rejects when it fails. `narrow`: as connectNarrow does. */
  static async connectTls(port: number, ca: string, narrow = false): Promise<RawClient> {
    const client = new RawClient();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const socket: SocketHandler<undefined> = {
      ...client.#handlers(),
      open: () => {},
      handshake: (_socket, success, error) => (success ? resolve() : reject(error)),
    };
    const where = narrow ? { fd: narrowSocket(port) } : { hostname: '127.0.0.1', port };
    const options = { ...where, allowHalfOpen: true, tls: { ca, serverName: 'localhost' }, socket };
    client.#socket = await Bun.connect(options as unknown as TCPSocketConnectOptions<undefined>);
    await promise;
    return client;
  }

  /** Connects with TLS and registers. */
  static async registerTls(port: number, nick: string, ca: string): Promise<RawClient> {
    return (await RawClient.connectTls(port, ca)).#register(nick);
  }

  /** The common name in the server's certificate. */
  get shown(): string {
    return (this.#socket as Socket).getPeerCertificate().subject.CN as string;
  }

  /** Connects and registers; resolves behind the welcome. */
  static async register(port: number, nick: string): Promise<RawClient> {
    return (await RawClient.connect(port)).#register(nick);
  }

  async #register(nick: string): Promise<RawClient> {
    this.send(`<NICK,${nick}><USER,${nick},0,*,${nick}>`);
    await this.until('<RPL_LIMITS');
    return this;
  }

  /** Writes text as it is; what the kernel does not take now follows as it drains. */
  send(text: string | Uint8Array): void {
    const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
    this.#unsent.push(bytes);
    this.#write();
  }

  /** Bytes that the kernel did not take yet. */
  get unsent(): number {
    return this.#unsent.reduce((sum, bytes) => sum + bytes.length, 0);
  }

  /** Resolves when the kernel has taken everything that was sent, or the connection has ended. */
  async flushed(): Promise<void> {
    await this.wait(() => this.closed || this.#unsent.length === 0, 'what was sent to be taken');
  }

  /** Stops and starts reading. */
  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  /** Says that nothing more will be sent. */
  finish(): void {
    this.#socket?.shutdown();
  }

  /** Ends the connection at once, with a reset. */
  reset(): void {
    this.#socket?.terminate();
  }

  [Symbol.dispose](): void {
    this.#socket?.end();
  }

  #handlers(): SocketHandler<undefined> {
    return {
      data: (_socket, chunk) => this.#take(chunk),
      drain: () => {
        this.#write();
        this.came();
      },
      end: () => this.gone(),
      close: () => this.gone(),
      error: () => this.gone(),
    };
  }

  #write(): void {
    for (let bytes = this.#unsent[0]; bytes !== undefined; bytes = this.#unsent[0]) {
      const taken = (this.#socket as Socket).write(bytes);
      if (taken < 0) return this.gone();
      if (taken < bytes.length) {
        if (taken > 0) this.#unsent[0] = bytes.subarray(taken);
        return;
      }
      this.#unsent.shift();
    }
  }

  #take(chunk: Uint8Array): void {
    this.received += chunk.length;
    const parts = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split('\n');
    this.#rest = parts.pop() as string;
    this.lines.push(...parts);
    this.came();
  }
}
