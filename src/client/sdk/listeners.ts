// Listeners by the kind of event that they hear. One that throws keeps nothing from the others: its fault surfaces as an
// unhandled rejection, as if nobody had called it.

export class Listeners<Events> {
  readonly #surface: (fault: unknown) => void;
  readonly #sets = new Map<keyof Events, Set<(event: never) => void>>();

  /** `surface` takes what listeners throw. */
  constructor(surface: (fault: unknown) => void = (fault) => void Promise.reject(fault)) {
    this.#surface = surface;
  }

  /** Calls `listener` for every event of this kind from now on, until the function that is returned is called. */
  on<Kind extends keyof Events>(kind: Kind, listener: (event: Events[Kind]) => void): () => void {
    const set = this.#sets.get(kind) ?? new Set();
    this.#sets.set(kind, set.add(listener));
    return () => set.delete(listener);
  }

  tell<Kind extends keyof Events>(kind: Kind, event: Events[Kind]): void {
    for (const listener of [...(this.#sets.get(kind) ?? [])]) {
      try {
        listener(event as never);
      } catch (error) {
        this.#surface(error);
      }
    }
  }
}
