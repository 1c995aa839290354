// The trace of a run: every event goes into one hash, and becomes a line for people when somebody reads along. Two runs
// of one seed are the same run when their hashes are equal.

export class Trace {
  readonly #onLine: ((line: string) => void) | undefined;
  #hash = 0;

  constructor(onLine: ((line: string) => void) | undefined) {
    this.#onLine = onLine;
  }

  get hash(): string {
    return this.#hash.toString(16).padStart(8, '0');
  }

  note(at: number, who: string, what: string, bytes: Uint8Array | undefined): void {
    this.#hash = Bun.hash.xxHash32(`${at} ${who} ${what}`, this.#hash);
    if (bytes !== undefined) this.#hash = Bun.hash.xxHash32(bytes, this.#hash);
    if (this.#onLine === undefined) return;
    const time = (at / 1000).toFixed(3).padStart(8);
    this.#onLine(`${time} ${who.padEnd(7)} ${what}${bytes === undefined ? '' : ` ${readable(bytes)}`}`);
  }
}

const MOST = 2_000;

/** Bytes as one line of printable characters. */
function readable(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes.subarray(0, MOST));
  const line = text.replaceAll('\n', '␊').replace(/\p{C}/gu, (char) => `\\x${char.charCodeAt(0).toString(16)}`);
  return bytes.length > MOST ? `${line}… (${bytes.length} bytes)` : line;
}
