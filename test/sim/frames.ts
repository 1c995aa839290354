// Frames as the simulated clients see them: a small strict reader and a writer of their own, which share no code with
// the server. The reader takes one form alone, the canonical one with a line feed behind each frame, and calls
// everything else a fault: a server that tears or mixes frames cannot get past it.

export interface Frame {
  readonly verb: string;
  readonly args: readonly string[];
}

const LESS = 0x3c;
const GREATER = 0x3e;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const LF = 0x0a;
const NOTHING = new Uint8Array(0);
/** An argument of a text without escapes begins or ends with white space. */
const RAGGED = /(?:^|,)[ \t\r\n]|[ \t\r\n](?:,|$)/;
const VERB = /^[A-Z0-9_]{1,31}$/;
/** The largest frame that a client may be sent. */
const MOST_BYTES = 16_384;

export class FrameReader {
  #rest: Uint8Array = NOTHING;
  readonly #most: number;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  /** What was wrong with the stream, in words. */
  readonly faults: string[] = [];

  /** Calls frames of more than `most` bytes a fault. */
  constructor(most = MOST_BYTES) {
    this.#most = most;
  }

  /** Bytes of a frame that is not whole. */
  get held(): number {
    return this.#rest.length;
  }

  /** The frames that `chunk` completes. */
  read(chunk: Uint8Array): Frame[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: Frame[] = [];
    let at = 0;
    for (;;) {
      const end = frameEnd(bytes, at);
      if (end < 0) break;
      const frame = this.#parse(bytes.subarray(at, end));
      if (frame !== undefined) frames.push(frame);
      at = end;
    }
    this.#rest = at === bytes.length ? NOTHING : Uint8Array.from(bytes.subarray(at));
    if (this.#rest.length > 0 && this.#rest[0] !== LESS) this.#fault(this.#rest, 'does not begin with <');
    return frames;
  }

  /** `bytes` end behind a '>' that is not escaped and the byte after it. */
  #parse(bytes: Uint8Array): Frame | undefined {
    if (bytes[0] !== LESS) return this.#fault(bytes, 'does not begin with <');
    if (bytes[bytes.length - 1] !== LF) return this.#fault(bytes, 'is not followed by a line feed');
    if (bytes.length - 1 > this.#most) return this.#fault(bytes, `is longer than ${this.#most}`);
    let text: string;
    try {
      text = this.#decoder.decode(bytes.subarray(1, bytes.length - 2));
    } catch {
      return this.#fault(bytes, 'is no UTF-8');
    }
    const args = split(text);
    const verb = args.shift() as string;
    if (!VERB.test(verb)) return this.#fault(bytes, 'has no verb in upper case');
    // Most have nothing to escape, and commas part all of it.
    if (!text.includes('\\') && !RAGGED.test(text)) return { verb, args };
    const plain = args.map(unescaped);
    const wrong = plain.findIndex((value, i) => escaped(value) !== args[i]);
    if (wrong >= 0) return this.#fault(bytes, `has an argument ${wrong} that is not canonical`);
    return { verb, args: plain };
  }

  #fault(bytes: Uint8Array, why: string): undefined {
    if (this.faults.length < 5) this.faults.push(`${JSON.stringify(Buffer.from(bytes).toString('latin1'))} ${why}`);
    return undefined;
  }
}

/** Where the frame at `from` ends, its line feed included; -1 while that is not here. */
function frameEnd(bytes: Uint8Array, from: number): number {
  for (let i = from; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === BACKSLASH) i++;
    else if (byte === GREATER) return i + 1 < bytes.length ? i + 2 : -1;
    else if (byte === LESS && i > from) return i;
  }
  return -1;
}

function split(text: string): string[] {
  if (!text.includes('\\')) return text.split(',');
  const fields: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === BACKSLASH) i++;
    else if (code === COMMA) {
      fields.push(text.slice(start, i));
      start = i + 1;
    }
  }
  fields.push(text.slice(start));
  return fields;
}

function unescaped(field: string): string {
  return field.includes('\\') ? field.replace(/\\([\s\S])/g, '$1') : field;
}

function escaped(value: string): string {
  if (!/[<>,\\\s]/.test(value)) return value;
  const last = value.length - 1;
  return value.replace(/[<>,\\ \t\r\n]/g, (char, at: number) => {
    return /[<>,\\]/.test(char) || at === 0 || at === last ? `\\${char}` : char;
  });
}

const encoder = new TextEncoder();

/** A frame in canonical form, without a line feed. */
export function encode(verb: string, args: readonly string[]): Uint8Array {
  return encoder.encode(`<${[verb, ...args.map(escaped)].join(',')}>`);
}

/** What two spellings of one room share. */
export function foldRoom(name: string): string {
  return name.toLowerCase();
}
