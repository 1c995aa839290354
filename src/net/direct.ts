// Direct sends: one system call on a socket of ours, past the runtime's own write. That costs some 800 instructions,
// the call by itself 40; a room of a thousand pays either a thousand times a batch.
//
// It sends and says how much was taken, nothing else. Whatever is not "all of it" is left to the runtime's write, which
// waits for room and finds out what is wrong with a connection. Where there is no such library there is no direct send,
// and everything goes the other way. It knows no sockets: who calls it makes sure that the descriptor is still theirs.

import { dlopen, type Pointer, ptr } from 'bun:ffi';

/** Never waits, and never ends the process because a peer has gone (MSG_DONTWAIT, MSG_NOSIGNAL of Linux). */
const FLAGS = 0x40 | 0x4000;

export class DirectSend {
  readonly #send: (fd: number, at: Pointer, length: number, flags: number) => number;
  /** The array sent from last, and where it lies. */
  #bytes: Uint8Array | undefined;
  #address = 0;

  private constructor(send: (fd: number, at: Pointer, length: number, flags: number) => number) {
    this.#send = send;
  }

  /** What this system has; undefined where that is nothing. */
  static open(): DirectSend | undefined {
    if (process.platform !== 'linux') return undefined;
    try {
      const library = dlopen('libc.so.6', { send: { args: ['i32', 'ptr', 'u32', 'i32'], returns: 'i32' } });
      return new DirectSend(library.symbols.send);
    } catch {
      return undefined;
    }
  }

  /** Sends what the system takes at once of bytes[start, end); returns the count, -1 when it takes nothing. */
  send(fd: number, bytes: Uint8Array, start: number, end: number): number {
    if (bytes !== this.#bytes) {
      this.#address = ptr(bytes);
      this.#bytes = bytes;
    }
    return this.#send(fd, (this.#address + start) as Pointer, end - start, FLAGS);
  }

  /** The arrays sent from may move from now on: called when the present batch is over. */
  forget(): void {
    this.#bytes = undefined;
  }
}
