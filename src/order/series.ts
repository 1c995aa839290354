// Series: which references of messages are known, with the slot and the text that each stands for. A reference names a
// server and a number which that server counts up, so they come in order and are kept as rows of numbers, one series a
// server: one that is new is known to be new at a glance, and none of them is an object.

/** In front of every reference that is known like an id; no id begins with it. */
export const REFERENCE = '\n';

const LF = 0x0a;
const DOT = 0x2e;
const ZERO = 0x30;
const MOST_DIGITS = 16;
/** number, seq, print */
const WIDTH = 3;

export class Series {
  size = 0;
  readonly #byServer = new Map<number, Rows>();

  /** Whether the reference that was read last is known; `found` then says what it stands for. */
  find(found: { seq: number; print: number }): boolean {
    return this.#byServer.get(parts.server)?.find(parts.number, found) ?? false;
  }

  /** Remembers the reference that was read last, which is not known. */
  add(seq: number, print: number): void {
    let rows = this.#byServer.get(parts.server);
    if (rows === undefined) {
      rows = new Rows();
      this.#byServer.set(parts.server, rows);
    }
    rows.add(parts.number, seq, print);
    this.size++;
  }
}

/** The numbers of one server, the lowest first. */
class Rows {
  #rows = new Float64Array(8 * WIDTH);
  /** Behind the last row. */
  #end = 0;

  find(number: number, found: { seq: number; print: number }): boolean {
    const at = this.#place(number);
    if (at === this.#end || this.#rows[at] !== number) return false;
    found.seq = this.#rows[at + 1] as number;
    found.print = this.#rows[at + 2] as number;
    return true;
  }

  add(number: number, seq: number, print: number): void {
    if (this.#end === this.#rows.length) {
      const larger = new Float64Array(this.#end * 2);
      larger.set(this.#rows);
      this.#rows = larger;
    }
    const at = this.#place(number);
    const rows = this.#rows;
    if (at < this.#end) rows.copyWithin(at + WIDTH, at, this.#end);
    rows[at] = number;
    rows[at + 1] = seq;
    rows[at + 2] = print;
    this.#end += WIDTH;
  }

  /** Where a number stands, or would: mostly behind all others. */
  #place(number: number): number {
    const rows = this.#rows;
    if (this.#end === 0 || number > (rows[this.#end - WIDTH] as number)) return this.#end;
    let [low, high] = [0, this.#end / WIDTH];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((rows[middle * WIDTH] as number) < number) low = middle + 1;
      else high = middle;
    }
    return low * WIDTH;
  }
}

/** What readReference() found. */
const parts: { server: number; number: number } = { server: 0, number: 0 };

/** Whether an id is a reference: REFERENCE, a server's id, a dot and a number. Anything else is an id like others. */
export function readReference(id: string): boolean {
  if (id.charCodeAt(0) !== LF) return false;
  const dot = endOfNumber(id, REFERENCE.length);
  parts.server = read.value;
  if (dot < 0 || id.charCodeAt(dot) !== DOT) return false;
  const end = endOfNumber(id, dot + 1);
  parts.number = read.value;
  return end === id.length;
}

/** The value that endOfNumber() passed. */
const read: { value: number } = { value: 0 };

/** Where the digits from `from` on end; -1 when they are no number, or not written in the one way there is. */
function endOfNumber(text: string, from: number): number {
  if (text.charCodeAt(from) === ZERO) return -1;
  let value = 0;
  let at = from;
  for (; at < text.length && at - from < MOST_DIGITS; at++) {
    const digit = text.charCodeAt(at) - ZERO;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  read.value = value;
  return at === from || value > Number.MAX_SAFE_INTEGER ? -1 : at;
}
