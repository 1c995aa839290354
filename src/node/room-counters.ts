// Room counters: what was said in all rooms of a server since its start, as plain numbers. They are added to once a
// message, never once a reader, and read when somebody looks.

/** Upper bounds of the buckets of commit times, in ms; one more is for all above. */
export const COMMIT_BOUNDS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000] as const;

export class RoomCounters {
  /** Messages that were published here. */
  messages = 0;
  /** Numbers that were skipped. */
  skips = 0;
  /** Messages times the readers that each had on this server. */
  deliveries = 0;
  /** Epochs that began here. */
  epochs = 0;
  /** Commit times by bucket, each counted in one. */
  readonly commits = new Float64Array(COMMIT_BOUNDS.length + 1);
  /** All of them together, in ms. */
  commitMs = 0;

  /** A message had to wait for so long. */
  committed(ms: number): void {
    let bucket = 0;
    while (bucket < COMMIT_BOUNDS.length && ms > (COMMIT_BOUNDS[bucket] as number)) bucket++;
    (this.commits[bucket] as number)++;
    this.commitMs += ms;
  }

  /** So many messages were published to `readers`. */
  messagesPublished(count: number, readers: number): void {
    this.messages += count;
    this.deliveries += count * readers;
  }

  /** A slot was published to `readers`. */
  published(skip: boolean, readers: number): void {
    if (skip) this.skips++;
    else this.messagesPublished(1, readers);
  }
}
