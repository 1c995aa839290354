// A narrow socket: a TCP connection that holds some 30 kB in all, where one on loopback usually takes 4 MB before its
// writer notices that nobody reads. Bun sets no socket options before it connects, so the C library is asked for the
// socket, with a small receive buffer and small segments, and Bun adopts it. Linux alone, with either C library.

import { dlopen, FFIType, ptr } from 'bun:ffi';

const AF_INET = 2;
const SOCK_STREAM = 1;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const IPPROTO_TCP = 6;
const TCP_MAXSEG = 2;
const F_SETFL = 4;
const O_NONBLOCK = 2048;
const RECEIVE_BYTES = 2048;
const SEGMENT_BYTES = 536;

const { i32, u32, pointer } = FFIType;
const FUNCTIONS = {
  socket: { args: [i32, i32, i32], returns: i32 },
  connect: { args: [i32, pointer, u32], returns: i32 },
  fcntl: { args: [i32, i32, i32], returns: i32 },
  setsockopt: { args: [i32, i32, i32, pointer, u32], returns: i32 },
} as const;

function open() {
  if (process.platform !== 'linux') return undefined;
  for (const name of ['libc.so.6', `libc.musl-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.so.1`]) {
    try {
      return dlopen(name, FUNCTIONS).symbols;
    } catch {
      // The other C library, then.
    }
  }
  return undefined;
}

const libc = open();

/** Whether this machine has narrow sockets. */
export const NARROW = libc !== undefined;

/** Connects to a port on 127.0.0.1; returns the file descriptor, for Bun.connect to adopt. */
export function narrowSocket(port: number): number {
  if (libc === undefined) throw new Error('no narrow sockets on this machine');
  const fd = libc.socket(AF_INET, SOCK_STREAM, 0);
  for (const [level, option, value] of [
    [SOL_SOCKET, SO_RCVBUF, RECEIVE_BYTES],
    [IPPROTO_TCP, TCP_MAXSEG, SEGMENT_BYTES],
  ] as const) {
    if (libc.setsockopt(fd, level, option, ptr(new Int32Array([value])), 4) !== 0) throw new Error('setsockopt failed');
  }
  const address = new Uint8Array(16);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_INET, true);
  view.setUint16(2, port, false);
  address.set([127, 0, 0, 1], 4);
  if (libc.connect(fd, ptr(address), address.length) !== 0) throw new Error('connect failed');
  libc.fcntl(fd, F_SETFL, O_NONBLOCK);
  return fd;
}
