// A raw client of a WebSocket for tests: does the upgrade by hand, sends frames as it is told to, good or not, and notes
// everything that comes back, message by message. What the server may never do (a mask, a reserved bit, a message that is
// not binary or not of whole frames) it throws at once.

import { randomBytes } from 'node:crypto';
import type { Socket, SocketHandler, TCPSocketConnectOptions } from 'bun';
import { Heard } from './heard.ts';
import { narrowSocket } from './narrow-socket.ts';

export interface WebDial {
  readonly path?: string;
  /** Headers beside or instead of the usual ones; undefined leaves one out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly narrow?: boolean;
  /** With TLS, and whom to believe. */
  readonly ca?: string;
}

export interface FrameShape {
  readonly final?: boolean;
  readonly masked?: boolean;
  readonly reserved?: number;
}

/** A frame as a client sends it. */
export function clientFrame(opcode: number, data: string | Uint8Array, shape: FrameShape = {}): Uint8Array {
  const { final = true, masked = true, reserved = 0 } = shape;
  const payload = typeof data === 'string' ? Buffer.from(data) : data;
  const first = (final ? 0x80 : 0) | (reserved << 4) | opcode;
  const bit = masked ? 0x80 : 0;
  const { length } = payload;
  const head = length < 126 ? Buffer.from([first, bit | length]) : Buffer.alloc(length < 65_536 ? 4 : 10);
  if (length >= 126) {
    head[0] = first;
    head[1] = bit | (length < 65_536 ? 126 : 127);
    if (length < 65_536) head.writeUInt16BE(length, 2);
    else head.writeBigUInt64BE(BigInt(length), 2);
  }
  if (!masked) return Buffer.concat([head, payload]);
  const mask = randomBytes(4);
  const hidden = Buffer.from(payload);
  for (let i = 0; i < hidden.length; i++) hidden[i] = (hidden[i] as number) ^ (mask[i % 4] as number);
  return Buffer.concat([head, mask, hidden]);
}

/** The request of an upgrade. */
export function upgradeRequest(port: number, { path = '/ws', headers = {} }: WebDial = {}): string {
  const all: Record<string, string | undefined> = {
    host: `127.0.0.1:${port}`,
    upgrade: 'websocket',
    connection: 'keep-alive, Upgrade',
    'sec-websocket-version': '13',
    'sec-websocket-key': randomBytes(16).toString('base64'),
    'sec-websocket-protocol': 'chorus.1',
    'sec-websocket-extensions': 'permessage-deflate; client_max_window_bits',
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}\r\n`]));
  return `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

export class WebClient extends Heard implements Disposable {
  /** The head of the server's answer, and what stands behind it where that is no WebSocket. */
  answer = '';
  /** The sizes of all messages. */
  readonly sizes: number[] = [];
  readonly pongs: string[] = [];
  /** The server's end, as a frame. */
  end: { readonly code: number; readonly reason: string } | undefined;
  #socket: Socket | undefined;
  #bytes: Buffer = Buffer.alloc(0);
  #open = false;
  #unsent: Uint8Array[] = [];

  /** Connects a socket and says nothing. */
  static async dial(port: number, { narrow, ca }: WebDial = {}): Promise<WebClient> {
    const client = new WebClient();
    const where = narrow === true ? { fd: narrowSocket(port) } : { hostname: '127.0.0.1', port };
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const socket: SocketHandler<undefined> = {
      data: (_socket, chunk) => client.#take(chunk),
      drain: () => client.#write(),
      end: () => client.gone(),
      close: () => client.gone(),
      error: () => client.gone(),
      ...(ca !== undefined && { open: () => {}, handshake: (_s, good, error) => (good ? resolve() : reject(error)) }),
    };
    const tls = ca === undefined ? {} : { tls: { ca, serverName: 'localhost' } };
    const options = { ...where, ...tls, allowHalfOpen: true, socket };
    try {
      client.#socket = await Bun.connect(options as unknown as TCPSocketConnectOptions<undefined>);
    } catch (error) {
      // Who has no place may be sent away before it knows that it was there.
      if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error;
      client.gone();
    }
    if (ca !== undefined) await promise;
    return client;
  }

  /** Connects and asks for the upgrade; resolves behind the answer, whatever it is. */
  static async connect(port: number, dial: WebDial = {}): Promise<WebClient> {
    const client = await WebClient.dial(port, dial);
    client.raw(upgradeRequest(port, dial));
    await client.wait(() => client.answer !== '', 'an answer');
    return client;
  }

  /** Connects and registers; resolves behind the welcome. */
  static async register(port: number, nick: string, dial: WebDial = {}): Promise<WebClient> {
    const client = await WebClient.connect(port, dial);
    client.send(`<NICK,${nick}><USER,${nick},0,*,${nick}>`);
    await client.until('<RPL_LIMITS');
    return client;
  }

  /** The status of the answer. */
  get status(): number {
    return Number(this.answer.split(' ')[1]);
  }

  /** The common name in the server's certificate. */
  get shown(): string {
    return (this.#socket as Socket).getPeerCertificate().subject.CN as string;
  }

  /** Sends a binary message. */
  send(frames: string | Uint8Array): void {
    this.raw(clientFrame(2, frames));
  }

  /** Sends bytes as they are. */
  raw(bytes: string | Uint8Array): void {
    this.#unsent.push(typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
    this.#write();
  }

  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  /** Ends our half of the socket, without a word. */
  finish(): void {
    this.#socket?.shutdown();
  }

  /** Ends the socket with a reset. */
  reset(): void {
    this.#socket?.terminate();
  }

  [Symbol.dispose](): void {
    this.#socket?.end();
  }

  #write(): void {
    for (let bytes = this.#unsent[0]; bytes !== undefined; bytes = this.#unsent[0]) {
      const taken = this.#socket?.write(bytes) ?? 0;
      if (taken < 0) return this.gone();
      if (taken < bytes.length) {
        this.#unsent[0] = bytes.subarray(taken);
        return;
      }
      this.#unsent.shift();
    }
  }

  #take(chunk: Uint8Array): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    try {
      if (!this.#open) this.#readAnswer();
      while (this.#open && this.#readFrame());
    } catch (error) {
      this.broke(error as Error);
      this.reset();
    }
    this.came();
  }

  #readAnswer(): void {
    const end = this.#bytes.indexOf('\r\n\r\n');
    if (end < 0) return;
    this.#open = this.#bytes.toString('latin1', 0, 12) === 'HTTP/1.1 101';
    this.answer = this.#bytes.toString('latin1', 0, this.#open ? end + 4 : undefined);
    this.#bytes = this.#open ? this.#bytes.subarray(end + 4) : this.#bytes;
  }

  /** False when no whole frame is there. */
  #readFrame(): boolean {
    const bytes = this.#bytes;
    if (bytes.length < 2) return false;
    const [first = 0, second = 0] = bytes;
    if ((first & 0xf0) !== 0x80) throw new Error(`a message in pieces, or a reserved bit: ${first}`);
    if (second >= 128) throw new Error('a server masks nothing');
    const head = second < 126 ? 2 : second === 126 ? 4 : 10;
    if (bytes.length < head) return false;
    const length = head === 2 ? second : head === 4 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    if (bytes.length < head + length) return false;
    this.#got(first & 0x0f, bytes.subarray(head, head + length));
    this.#bytes = bytes.subarray(head + length);
    return true;
  }

  #got(opcode: number, data: Buffer): void {
    if (this.end !== undefined) throw new Error('something behind the end');
    if (opcode === 10) this.pongs.push(data.toString());
    else if (opcode === 8) {
      this.end = { code: data.length < 2 ? 1005 : data.readUInt16BE(0), reason: data.toString('utf8', 2) };
    } else if (opcode === 2) {
      const text = data.toString();
      if (!text.startsWith('<') || !text.endsWith('>\n')) throw new Error(`a torn message: ${text.slice(0, 80)}`);
      this.sizes.push(data.length);
      this.lines.push(...text.slice(0, -1).split('\n'));
    } else throw new Error(`a frame with opcode ${opcode}`);
  }

  protected override more(): string {
    return ` ${JSON.stringify({ answer: this.answer, end: this.end })}`;
  }
}
