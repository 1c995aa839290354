// Room counters: what was said in all rooms of a server since its start, as plain numbers. They are added to once a
// message, never once a reader, and read when somebody looks.

export class RoomCounters {
  /** Messages that were published here. */
  messages = 0;
  /** Numbers that were skipped. */
  skips = 0;
  /** Messages times the readers that each had on this server. */
  deliveries = 0;
  /** Epochs that began here. */
  epochs = 0;

  /** A slot was published to `readers`. */
  published(skip: boolean, readers: number): void {
    if (skip) this.skips++;
    else {
      this.messages++;
      this.deliveries += readers;
    }
  }
}
