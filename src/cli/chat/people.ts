// Who is in one room, as far as its server tells: a list asked for once, and what was heard since. A large room is only
// counted by its server; then the list is what it was, and the number is the server's.

import { foldNick } from '../../wire/names.ts';
import { plain } from '../terminal-text.ts';

export class People {
  /** Nicknames to be shown, by the form in which they are compared. */
  readonly #nicks = new Map<string, string>();
  #counted: number | undefined;
  /** In their order; undefined until somebody asks. */
  #sorted: readonly string[] | undefined;

  /** How many are there. */
  get count(): number {
    return this.#counted ?? this.#nicks.size;
  }

  has(nick: string): boolean {
    return this.#nicks.has(foldNick(nick));
  }

  /** In the order of the alphabet. */
  get sorted(): readonly string[] {
    this.#sorted ??= [...this.#nicks].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, nick]) => nick);
    return this.#sorted;
  }

  set(nicks: readonly string[]): void {
    this.#nicks.clear();
    this.#sorted = undefined;
    this.#counted = undefined;
    for (const nick of nicks) this.add(nick);
  }

  add(nick: string): void {
    this.#nicks.set(foldNick(nick), plain(nick));
    this.#sorted = undefined;
  }

  /** Whether it was there. */
  remove(nick: string): boolean {
    this.#sorted = undefined;
    return this.#nicks.delete(foldNick(nick));
  }

  /** Whether the one was there who is called another way now. */
  rename(before: string, after: string): boolean {
    const was = this.remove(before);
    if (was) this.add(after);
    return was;
  }

  /** There are so many, and who is not told one by one. */
  counted(count: number): void {
    this.#counted = count;
  }
}
