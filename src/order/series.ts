// Series: which references of messages are known, with the slot that each stands for. A reference names a server and a
// number which that server counts up, and what it said in a row mostly stands in a row: so they are kept as runs of
// numbers, one series a server. One that is new is known to be new at a glance, and none of them is an object.

import type { ServerId } from '../base/ids.ts';

/** The first number, its seq, and how many follow each other in both. */
const WIDTH = 3;

export class Series {
  /** References that are known. */
  size = 0;
  readonly #byServer = new Map<ServerId, Rows>();
  /** The server that was asked for last, mostly the next time too. */
  #server = 0;
  #rows: Rows | undefined;

  /** The seq that a reference stands for; 0 when it is not known. */
  find(server: ServerId, number: number): number {
    return this.#of(server)?.find(number) ?? 0;
  }

  /** Whether no reference of a server from `number` on is known. */
  endsBefore(server: ServerId, number: number): boolean {
    return number >= (this.#of(server)?.next ?? 0);
  }

  /** Remembers `count` references from `number` on that are not known, and stand for as many slots from `seq` on. */
  add(server: ServerId, number: number, seq: number, count: number): void {
    let rows = this.#of(server);
    if (rows === undefined) {
      rows = new Rows();
      this.#byServer.set(server, rows);
      this.#rows = rows;
    }
    rows.add(number, seq, count);
    this.size += count;
  }

  #of(server: ServerId): Rows | undefined {
    if (server !== this.#server) {
      this.#server = server;
      this.#rows = this.#byServer.get(server);
    }
    return this.#rows;
  }
}

/** The runs of one server, the lowest first. */
class Rows {
  #rows = new Float64Array(8 * WIDTH);
  /** Behind the last row. */
  #end = 0;

  /** The number behind the highest one. */
  get next(): number {
    const last = this.#end - WIDTH;
    return last < 0 ? 0 : (this.#rows[last] as number) + (this.#rows[last + 2] as number);
  }

  find(number: number): number {
    if (number >= this.next) return 0;
    const rows = this.#rows;
    const at = this.#place(number) - WIDTH;
    if (at < 0) return 0;
    const behind = number - (rows[at] as number);
    return behind < (rows[at + 2] as number) ? (rows[at + 1] as number) + behind : 0;
  }

  add(number: number, seq: number, count: number): void {
    const last = this.#end - WIDTH;
    if (
      last >= 0 &&
      number === this.next &&
      seq - (this.#rows[last + 1] as number) === (this.#rows[last + 2] as number)
    ) {
      (this.#rows[last + 2] as number) += count;
    } else this.#insert(number, seq, count);
  }

  #insert(number: number, seq: number, count: number): void {
    if (this.#end === this.#rows.length) {
      const larger = new Float64Array(this.#end * 2);
      larger.set(this.#rows);
      this.#rows = larger;
    }
    const at = number >= this.next ? this.#end : this.#place(number);
    const rows = this.#rows;
    if (at < this.#end) rows.copyWithin(at + WIDTH, at, this.#end);
    rows[at] = number;
    rows[at + 1] = seq;
    rows[at + 2] = count;
    this.#end += WIDTH;
  }

  /** Behind the runs that begin at or before a number. */
  #place(number: number): number {
    const rows = this.#rows;
    let low = 0;
    let high = this.#end / WIDTH;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((rows[middle * WIDTH] as number) <= number) low = middle + 1;
      else high = middle;
    }
    return low * WIDTH;
  }
}
