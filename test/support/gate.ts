// A gate: what stands between the listener for links of one server and all who dial it, so that a test can cut a pair of
// servers from each other and nobody else. It passes bytes on as they come and knows who dials from the name in the
// first frame. A cut by silence keeps what is sent until it heals, as the TCP of both ends would send it again; a cut by
// reset breaks what there is and whatever is tried meanwhile.

import type { Socket, TCPSocketListener } from 'bun';

export type Cut = 'reset' | 'silence';

const DIALLER = /^<SERVER,([^,<>]+),/;

type Writer = Pick<Socket<unknown>, 'write' | 'end' | 'terminate'>;

/** One direction: what was taken from one socket and not yet by the other. */
class Lane {
  readonly #to: () => Writer | undefined;
  readonly #waiting: Uint8Array[] = [];
  over = false;

  constructor(to: () => Writer | undefined) {
    this.#to = to;
  }

  add(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
  }

  /** Writes what the other socket takes, and the end behind it. */
  pour(): void {
    const socket = this.#to();
    if (socket === undefined) return;
    for (let bytes = this.#waiting[0]; bytes !== undefined; bytes = this.#waiting[0]) {
      const taken = Math.max(0, socket.write(bytes));
      if (taken < bytes.length) {
        this.#waiting[0] = bytes.subarray(taken);
        return;
      }
      this.#waiting.shift();
    }
    if (this.over) socket.end();
  }
}

class Passage {
  /** Who dialled; '' until that is known. */
  name = '';
  readonly dialler: Writer;
  listener: Writer | undefined;
  readonly there = new Lane(() => this.listener);
  readonly back = new Lane(() => this.dialler);
  /** The way to the listener is being made, or was. */
  opened = false;
  /** One of its sockets is gone. */
  broken = false;
  #heard = '';

  constructor(dialler: Writer) {
    this.dialler = dialler;
  }

  recognize(bytes: Uint8Array): void {
    if (this.name !== '') return;
    this.#heard += Buffer.from(bytes).toString('latin1');
    this.name = DIALLER.exec(this.#heard.trimStart())?.[1] ?? '';
  }

  pour(): void {
    this.there.pour();
    this.back.pour();
  }

  reset(): void {
    this.dialler.terminate();
    this.listener?.terminate();
  }
}

export class Gate implements Disposable {
  readonly #outside: TCPSocketListener<Passage>;
  readonly #passages = new Set<Passage>();
  readonly #cuts = new Map<string, Cut>();
  #port = 0;

  constructor() {
    this.#outside = Bun.listen<Passage>({
      hostname: '127.0.0.1',
      port: 0,
      allowHalfOpen: true,
      socket: {
        open: (socket) => {
          socket.data = new Passage(socket);
          this.#passages.add(socket.data);
        },
        data: (socket, bytes) => this.#fromDialler(socket.data, bytes),
        drain: (socket) => this.#pour(socket.data),
        end: (socket) => this.#end(socket.data, socket.data.there),
        close: (socket) => this.#close(socket.data),
        error: () => {},
      },
    });
  }

  /** The address that others dial. */
  get address(): string {
    return `127.0.0.1:${this.#outside.port}`;
  }

  /** Where the server behind the gate listens. */
  leadTo(address: string): void {
    this.#port = Number(address.split(':').at(-1));
  }

  cut(name: string, how: Cut): void {
    this.#cuts.set(name, how);
    if (how === 'reset') for (const passage of this.#passages) if (passage.name === name) passage.reset();
  }

  heal(name: string): void {
    this.#cuts.delete(name);
    for (const passage of this.#passages) {
      if (passage.broken) this.#close(passage);
      else this.#pour(passage);
    }
  }

  [Symbol.dispose](): void {
    this.#outside.stop(true);
    for (const passage of this.#passages) passage.reset();
  }

  #fromDialler(passage: Passage, bytes: Uint8Array): void {
    passage.recognize(bytes);
    passage.there.add(bytes);
    if (this.#cuts.get(passage.name) === 'reset') return passage.reset();
    if (!passage.opened && passage.name !== '') this.#open(passage);
    this.#pour(passage);
  }

  #pour(passage: Passage): void {
    if (this.#cuts.get(passage.name) !== 'silence') passage.pour();
  }

  #open(passage: Passage): void {
    passage.opened = true;
    Bun.connect({
      hostname: '127.0.0.1',
      port: this.#port,
      allowHalfOpen: true,
      socket: {
        open: (socket) => {
          passage.listener = socket;
          if (!this.#passages.has(passage)) return socket.terminate();
          this.#pour(passage);
        },
        data: (_, bytes) => {
          passage.back.add(bytes);
          this.#pour(passage);
        },
        drain: () => this.#pour(passage),
        end: () => this.#end(passage, passage.back),
        close: () => this.#close(passage),
        error: () => {},
      },
    }).catch(() => passage.reset());
  }

  #end(passage: Passage, lane: Lane): void {
    lane.over = true;
    this.#pour(passage);
  }

  /** One of its sockets is gone: so is the other one, unless nobody can hear of it now. */
  #close(passage: Passage): void {
    passage.broken = true;
    if (this.#cuts.get(passage.name) === 'silence') return;
    this.#passages.delete(passage);
    passage.reset();
  }
}
