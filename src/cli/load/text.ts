// The texts that the load generator sends: `<number>.<how>.xxx…`, so that whoever receives one knows which message of
// the run it is, and whether the room gave its number as it came (`p`) or the sender had reserved one (`r`).
// Texts of others are told apart by not being of this form.

const DOT = 0x2e;
const PLAIN = 0x70;
const RESERVED = 0x72;
const ZERO = 0x30;

export class LoadTexts {
  readonly #padding: string;
  readonly #size: number;

  /** Texts of `size` bytes, as long as their number leaves room for the rest. */
  constructor(size: number) {
    this.#size = size;
    this.#padding = 'x'.repeat(size);
  }

  make(number: number, reserved: boolean): string {
    const head = `${number}.${reserved ? 'r' : 'p'}.`;
    return head + this.#padding.slice(0, Math.max(this.#size - head.length, 1));
  }
}

/** The number of the message in a text; -1 in a text of somebody else. */
export function numberIn(text: string): number {
  let number = 0;
  for (let i = 0; i < text.length && i < 12; i++) {
    const code = text.charCodeAt(i);
    if (code === DOT) return i > 0 && isHow(text.charCodeAt(i + 1)) ? number : -1;
    if (code < ZERO || code > ZERO + 9) return -1;
    number = number * 10 + code - ZERO;
  }
  return -1;
}

/** Whether bytes[start, end) are a text of this form whose number the room gave as it came. */
export function isPlain(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end && i < start + 12; i++) if (bytes[i] === DOT) return bytes[i + 1] === PLAIN;
  return false;
}

function isHow(code: number): boolean {
  return code === PLAIN || code === RESERVED;
}
