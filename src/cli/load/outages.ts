// The longest time for which a room answered nothing although something was unanswered: how long it was out of service,
// as its senders saw it. Times are given, in ms of any one clock.

interface RoomState {
  unanswered: number;
  /** Of the last answer, or of the first message since all were answered. */
  since: number;
}

export class Outages {
  readonly #rooms: readonly RoomState[];
  #longestMs = 0;

  constructor(rooms: number) {
    this.#rooms = Array.from({ length: rooms }, () => ({ unanswered: 0, since: 0 }));
  }

  sent(room: number, at: number): void {
    const state = this.#rooms[room] as RoomState;
    if (state.unanswered++ === 0) state.since = at;
  }

  /** The room took a message. */
  taken(room: number, at: number): void {
    const state = this.#rooms[room] as RoomState;
    this.#longestMs = Math.max(this.#longestMs, at - state.since);
    state.unanswered--;
    state.since = at;
  }

  /** Nothing more is expected of a message that was not taken. */
  failed(room: number, at: number): void {
    const state = this.#rooms[room] as RoomState;
    this.#longestMs = Math.max(this.#longestMs, at - state.since);
    state.unanswered--;
  }

  /** The longest until `at`, ms. */
  longestMs(at: number): number {
    const open = this.#rooms.filter(({ unanswered }) => unanswered > 0).map(({ since }) => at - since);
    return Math.max(this.#longestMs, ...open);
  }
}
