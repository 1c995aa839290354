// A WebSocket as a crowd needs it: the request, its frames with a mask that changes nothing, and the data in what comes
// back. It believes whatever it is told.

const FIN_BINARY = 0x82;
const MASKED = 0x80;

export class WebWire {
  /** The answer to the request is not read to its end. */
  #asked = true;
  #head = '';
  /** The bytes of a header that is not whole, and what is left of a message. */
  #header: number[] = [];
  #left = 0;

  request(port: number): string {
    const upgrade = 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n';
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: chorus.1\r\n';
    return `GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${upgrade}${key}\r\n`;
  }

  frame(bytes: Uint8Array): Uint8Array {
    const { length } = bytes;
    const size = length < 126 ? 2 : length < 65_536 ? 4 : 10;
    const frame = Buffer.alloc(size + 4 + length);
    frame[0] = FIN_BINARY;
    frame[1] = MASKED | (size === 2 ? length : size === 4 ? 126 : 127);
    if (size === 4) frame.writeUInt16BE(length, 2);
    if (size === 10) frame.writeBigUInt64BE(BigInt(length), 2);
    frame.set(bytes, size + 4);
    return frame;
  }

  /** The data in a chunk, in the order that they come. */
  *read(chunk: Uint8Array): Generator<Uint8Array> {
    let at = this.#asked ? this.#readHead(chunk) : 0;
    while (at < chunk.length) {
      if (this.#left === 0) {
        this.#readHeader(chunk[at++] as number);
        continue;
      }
      const to = Math.min(chunk.length, at + this.#left);
      this.#left -= to - at;
      yield chunk.subarray(at, to);
      at = to;
    }
  }

  #readHead(chunk: Uint8Array): number {
    const before = this.#head.length;
    this.#head += Buffer.from(chunk).toString('latin1');
    const end = this.#head.indexOf('\r\n\r\n');
    if (end < 0) return chunk.length;
    if (!this.#head.startsWith('HTTP/1.1 101 ')) throw new Error(`no WebSocket there: ${this.#head}`);
    this.#asked = false;
    return end + 4 - before;
  }

  #readHeader(byte: number): void {
    this.#header.push(byte);
    const [, short = -1] = this.#header;
    const size = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (short < 0 || this.#header.length < size) return;
    const long = this.#header.slice(2).reduce((length, next) => length * 256 + next, 0);
    this.#left = size === 2 ? short : long;
    this.#header = [];
  }
}
