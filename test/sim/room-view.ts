// How far a scripted client has read a room: every slot up to `last`, and some above it. What it was told it lost
// counts as read. A client that comes back names this place.

export class RoomView {
  readonly epoch: string;
  /** Everything up to here was read. */
  last: number;
  /** The highest slot seen. */
  top: number;
  readonly #above = new Set<number>();

  constructor(epoch: string, last: number) {
    this.epoch = epoch;
    this.last = last;
    this.top = last;
  }

  decided(epoch: string, seq: number): void {
    if (epoch !== this.epoch || seq <= this.last) return;
    this.top = Math.max(this.top, seq);
    this.#above.add(seq);
    while (this.#above.delete(this.last + 1)) this.last++;
  }

  lost(epoch: string, from: number, to: number): void {
    for (let seq = Math.max(from, this.last + 1); seq <= to; seq++) this.decided(epoch, seq);
  }
}
