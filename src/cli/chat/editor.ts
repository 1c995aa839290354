// The line that is being typed: a text and a cursor in it that stands between characters as people see them. It knows no
// terminal, and no meaning of what is typed.

import { graphemes } from '../cells.ts';

/** Far more than a message may have. */
const MOST_CHARS = 16 * 1024;

export class Editor {
  #text = '';
  #cursor = 0;
  #killed = '';

  get text(): string {
    return this.#text;
  }

  /** Where the cursor is, as an index into the text. */
  get cursor(): number {
    return this.#cursor;
  }

  /** Puts `text` in the place of what there is, with the cursor behind it. */
  set(text: string): void {
    this.#text = text.slice(0, MOST_CHARS);
    this.#cursor = this.#text.length;
  }

  /** Puts `text` where the cursor is, as much as has a place; false when that is not all of it. */
  insert(text: string): boolean {
    const room = MOST_CHARS - this.#text.length;
    this.replace(this.#cursor, this.#cursor, text.slice(0, room));
    return text.length <= room;
  }

  /** Puts `text` in the place of what stands from `start` to `end`, with the cursor behind it. */
  replace(start: number, end: number, text: string): void {
    this.#text = this.#text.slice(0, start) + text + this.#text.slice(end);
    this.#cursor = start + text.length;
    // A mark that was put before a character may have become one with it.
    if (!this.#stops().includes(this.#cursor)) this.right();
  }

  left(): void {
    this.#cursor = this.#before(this.#cursor);
  }

  right(): void {
    this.#cursor = this.#stops().find((stop) => stop > this.#cursor) ?? this.#text.length;
  }

  home(): void {
    this.#cursor = 0;
  }

  end(): void {
    this.#cursor = this.#text.length;
  }

  wordLeft(): void {
    const word = this.#text.slice(0, this.#cursor).search(/\S+\s*$/);
    // A word may begin with a mark that is one with the space before it.
    this.#cursor = this.#before(Math.max(0, word) + 1);
  }

  wordRight(): void {
    const [word = ''] = /^\s*\S*/.exec(this.#text.slice(this.#cursor)) ?? [];
    this.#cursor = this.#before(this.#cursor + word.length + 1);
  }

  backspace(): void {
    this.replace(this.#before(this.#cursor), this.#cursor, '');
  }

  delete(): void {
    const at = this.#cursor;
    this.right();
    this.replace(at, this.#cursor, '');
  }

  killToEnd(): void {
    this.#kill(this.#cursor, this.#text.length);
  }

  killToStart(): void {
    this.#kill(0, this.#cursor);
  }

  killWordLeft(): void {
    const end = this.#cursor;
    this.wordLeft();
    this.#kill(this.#cursor, end);
  }

  killWordRight(): void {
    const start = this.#cursor;
    this.wordRight();
    this.#kill(start, this.#cursor);
  }

  /** Puts back what was killed last. */
  yank(): void {
    this.insert(this.#killed);
  }

  /** Takes the text away, and returns it. */
  take(): string {
    const text = this.#text;
    this.set('');
    return text;
  }

  #kill(start: number, end: number): void {
    if (start === end) return;
    this.#killed = this.#text.slice(start, end);
    this.replace(start, end, '');
  }

  #before(cursor: number): number {
    return this.#stops().findLast((stop) => stop < cursor) ?? 0;
  }

  /** Where the cursor can stand. */
  #stops(): number[] {
    const stops = [0];
    for (const grapheme of graphemes(this.#text)) stops.push((stops.at(-1) ?? 0) + grapheme.length);
    return stops;
  }
}
