// Series: which references of messages are known, with the slot that each stands for. A reference names a server and a
// number which that server counts up, so they come in order and are kept as rows of numbers, one series a server: one
// that is new is known to be new at a glance, and none of them is an object.

import type { ServerId } from '../base/ids.ts';
import type { Reference } from './references.ts';

/** number, seq */
const WIDTH = 2;

export class Series {
  size = 0;
  readonly #byServer = new Map<ServerId, Rows>();

  /** The seq that a reference stands for; 0 when it is not known. */
  find(server: ServerId, number: number): number {
    return this.#byServer.get(server)?.find(number) ?? 0;
  }

  /** Remembers a reference that is not known. */
  add({ server, number }: Reference, seq: number): void {
    let rows = this.#byServer.get(server);
    if (rows === undefined) {
      rows = new Rows();
      this.#byServer.set(server, rows);
    }
    rows.add(number, seq);
    this.size++;
  }
}

/** The numbers of one server, the lowest first. */
class Rows {
  #rows = new Float64Array(8 * WIDTH);
  /** Behind the last row. */
  #end = 0;

  find(number: number): number {
    const at = this.#place(number);
    return at === this.#end || this.#rows[at] !== number ? 0 : (this.#rows[at + 1] as number);
  }

  add(number: number, seq: number): void {
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
    this.#end += WIDTH;
  }

  /** Where a number stands, or would: mostly behind all others. */
  #place(number: number): number {
    const rows = this.#rows;
    if (this.#end === 0 || number > (rows[this.#end - WIDTH] as number)) return this.#end;
    let low = 0;
    let high = this.#end / WIDTH;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((rows[middle * WIDTH] as number) < number) low = middle + 1;
      else high = middle;
    }
    return low * WIDTH;
  }
}
