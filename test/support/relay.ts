// A relay between clients and a server: it passes on all that comes, whatever sockets take at a time, and may change
// what is on its way to a client, or cut all connections. It waits for nobody: what a socket does not take is kept.

import type { Socket, TCPSocketListener } from 'bun';

/** Changes what goes to a client, chunk by chunk; one for each connection. */
export type Change = (chunk: Uint8Array) => Uint8Array;

/** One of the two sockets of a connection. */
interface Half {
  other: Socket<Half> | undefined;
  /** What this one did not take yet. */
  readonly waiting: Uint8Array[];
  /** What the other one is to be given of what came here. */
  readonly change: Change;
  /** The other one has ended: so does this one, when all is written. */
  over: boolean;
  /** Bytes came before the other one was there. */
  readonly early: Uint8Array[];
}

const AS_IT_IS: Change = (chunk) => chunk;

export class Relay implements Disposable {
  readonly #listener: TCPSocketListener<Half>;
  readonly #sockets = new Set<Socket<Half>>();
  readonly #port: number;
  readonly #changeOf: (connection: number) => Change;
  #connections = 0;

  /** `changeOf` is asked for each connection, in order from 0. */
  constructor(port: number, changeOf: (connection: number) => Change = () => AS_IT_IS) {
    this.#port = port;
    this.#changeOf = changeOf;
    this.#listener = Bun.listen<Half>({
      hostname: '127.0.0.1',
      port: 0,
      socket: { ...this.#handlers(), open: (near) => this.#opened(near) },
    });
  }

  get port(): number {
    return this.#listener.port;
  }

  /** Ends all connections with a reset. */
  cut(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  [Symbol.dispose](): void {
    this.#listener.stop(true);
    this.cut();
  }

  #handlers() {
    return {
      data: (half: Socket<Half>, chunk: Uint8Array) => {
        const { other, early } = half.data;
        if (other === undefined) early.push(chunk);
        else write(other, half.data.change(chunk));
      },
      drain: (half: Socket<Half>) => pour(half),
      close: (half: Socket<Half>) => this.#closed(half),
    };
  }

  #opened(near: Socket<Half>): void {
    near.data = halfOf(AS_IT_IS);
    this.#sockets.add(near);
    const change = this.#changeOf(this.#connections++);
    const socket = {
      ...this.#handlers(),
      open: (far: Socket<Half>) => {
        this.#sockets.add(far);
        far.data.other = near;
        near.data.other = far;
        for (const chunk of near.data.early.splice(0)) write(far, chunk);
        if (near.data.over) far.terminate();
      },
    };
    Bun.connect<Half>({ hostname: '127.0.0.1', port: this.#port, data: halfOf(change), socket }).catch(() =>
      near.terminate(),
    );
  }

  #closed(half: Socket<Half>): void {
    this.#sockets.delete(half);
    half.data.over = true;
    const { other } = half.data;
    if (other === undefined) return;
    other.data.over = true;
    pour(other);
  }
}

function halfOf(change: Change): Half {
  return { other: undefined, waiting: [], change, over: false, early: [] };
}

function write(socket: Socket<Half>, chunk: Uint8Array): void {
  if (chunk.length === 0) return;
  socket.data.waiting.push(chunk);
  if (socket.data.waiting.length === 1) pour(socket);
}

function pour(socket: Socket<Half>): void {
  const { waiting } = socket.data;
  for (let bytes = waiting[0]; bytes !== undefined; bytes = waiting[0]) {
    const taken = socket.write(bytes);
    if (taken < 0) break;
    if (taken < bytes.length) {
      waiting[0] = bytes.subarray(taken);
      return;
    }
    waiting.shift();
  }
  if (socket.data.over) socket.end();
}
