// Deadlines: which key is due when, as a binary heap of (at, key). One deadline a key; setting it again moves it.
// It reads no clock: `now` is an argument. Setting, clearing and taking cost O(log n).

export class Deadlines<Key> {
  readonly #keys: Key[] = [];
  readonly #times: number[] = [];
  readonly #index = new Map<Key, number>();

  get size(): number {
    return this.#keys.length;
  }

  /** The earliest deadline in Unix milliseconds, Infinity when there is none. */
  get next(): number {
    return this.#times[0] ?? Number.POSITIVE_INFINITY;
  }

  /** Everything that has a deadline, in no order. */
  keys(): Key[] {
    return [...this.#keys];
  }

  /** When `key` is due, or undefined. */
  at(key: Key): number | undefined {
    const index = this.#index.get(key);
    return index === undefined ? undefined : this.#times[index];
  }

  set(key: Key, at: number): void {
    const index = this.#index.get(key);
    if (index === undefined) {
      this.#keys.push(key);
      this.#times.push(at);
      this.#index.set(key, this.#keys.length - 1);
      this.#rise(this.#keys.length - 1);
    } else {
      this.#times[index] = at;
      this.#sink(this.#rise(index));
    }
  }

  clear(key: Key): void {
    const index = this.#index.get(key);
    if (index !== undefined) this.#remove(index);
  }

  /** Takes one key that is due at `now`, the earliest first; undefined when none is. */
  take(now: number): Key | undefined {
    if (this.next > now) return undefined;
    const key = this.#keys[0] as Key;
    this.#remove(0);
    return key;
  }

  #remove(index: number): void {
    this.#index.delete(this.#keys[index] as Key);
    const key = this.#keys.pop() as Key;
    const at = this.#times.pop() as number;
    if (index === this.#keys.length) return;
    this.#put(index, key, at);
    this.#sink(this.#rise(index));
  }

  #rise(from: number): number {
    let index = from;
    const key = this.#keys[index] as Key;
    const at = this.#times[index] as number;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if ((this.#times[parent] as number) <= at) break;
      this.#put(index, this.#keys[parent] as Key, this.#times[parent] as number);
      index = parent;
    }
    this.#put(index, key, at);
    return index;
  }

  #sink(from: number): void {
    let index = from;
    const key = this.#keys[index] as Key;
    const at = this.#times[index] as number;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= this.#keys.length) break;
      if (child + 1 < this.#keys.length && (this.#times[child + 1] as number) < (this.#times[child] as number)) child++;
      if ((this.#times[child] as number) >= at) break;
      this.#put(index, this.#keys[child] as Key, this.#times[child] as number);
      index = child;
    }
    this.#put(index, key, at);
  }

  #put(index: number, key: Key, at: number): void {
    this.#keys[index] = key;
    this.#times[index] = at;
    this.#index.set(key, index);
  }
}
