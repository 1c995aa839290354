// The lines of a room as they are shown: messages in the order of the room, and between them what happened there. They are
// kept in blocks that are never changed but replaced, so that whoever draws them draws what is new and nothing else. There
// are at most `most` lines; the oldest block goes when there are more.

/** One thing said. */
export interface MessageLine {
  readonly kind: 'message';
  readonly key: string;
  readonly nick: string;
  readonly text: string;
  /** Unix milliseconds. */
  readonly time: number;
  readonly own: boolean;
  /** It names us. */
  readonly mention: boolean;
  /** It is the same person's as the line before, and of the same minutes. */
  readonly follows: boolean;
}

/** Something that happened, in words. */
export interface NoteLine {
  readonly kind: 'note';
  readonly key: string;
  readonly time: number;
  readonly tone: 'quiet' | 'warn';
  readonly text: string;
  /** More of it, for who asks. */
  readonly detail?: string;
}

/** The day begins that the line is of. */
export interface DayLine {
  readonly kind: 'day';
  readonly key: string;
  readonly time: number;
}

export type Line = MessageLine | NoteLine | DayLine;
/** What a line says; its key is given when it is put in its place. */
export type Saying = Omit<MessageLine, 'key' | 'follows'> | Omit<NoteLine, 'key'>;

export interface Block {
  readonly key: string;
  readonly lines: readonly Line[];
}

const BLOCK = 30;
/** Messages of one person that are closer than this stand together. */
const TOGETHER_MS = 5 * 60_000;

export class Lines {
  readonly #most: number;
  #blocks: Block[] = [];
  #count = 0;
  #keys = 0;
  /** The last day that began. Clocks differ: no day begins twice. */
  #day = Number.NEGATIVE_INFINITY;

  constructor(most = 5000) {
    this.#most = most;
  }

  /** Replaced with every change. */
  get blocks(): readonly Block[] {
    return this.#blocks;
  }

  get count(): number {
    return this.#count;
  }

  get last(): Line | undefined {
    return this.#blocks.at(-1)?.lines.at(-1);
  }

  /** Adds at the end; the key that it got. */
  add(saying: Saying): string {
    const before = this.last;
    const lines: Line[] = [];
    const day = dayOf(saying.time);
    if (day > this.#day) {
      this.#day = day;
      lines.push({ kind: 'day', key: this.#key(), time: saying.time });
    }
    const key = this.#key();
    if (saying.kind === 'note') lines.push({ ...saying, key });
    else lines.push({ ...saying, key, follows: lines.length === 0 && goesTogether(before, saying) });
    for (const line of lines) this.#append(line);
    this.#forget();
    return key;
  }

  /** Puts what was said earlier before everything; what is over the most is left out, oldest first. */
  prepend(sayings: readonly Saying[]): void {
    const room = Math.max(this.#most - this.#count, 0);
    const older = new Lines(Number.POSITIVE_INFINITY);
    for (const saying of sayings.slice(Math.max(sayings.length - room, 0))) older.add(saying);
    const blocks = older.blocks.map(({ lines }) => this.#block(lines.map((line) => ({ ...line, key: this.#key() }))));
    this.#count += older.count;
    this.#blocks = [...blocks, ...this.#withoutDay(older.#day)];
  }

  /** Says something else in the place of a note; false when it is not there any more. */
  replace(key: string, text: string, detail?: string): boolean {
    const at = this.#blocks.findLastIndex(({ lines }) => lines.some((line) => line.key === key));
    const block = this.#blocks[at];
    if (block === undefined) return false;
    const lines = block.lines.map((line) =>
      line.key === key && line.kind === 'note' ? { ...line, text, ...(detail !== undefined && { detail }) } : line,
    );
    this.#blocks = this.#blocks.with(at, { key: block.key, lines });
    return true;
  }

  /** The blocks, the first without the beginning of a day that has begun by then. */
  #withoutDay(begun: number): readonly Block[] {
    const [first, ...rest] = this.#blocks;
    const [day, ...lines] = first?.lines ?? [];
    if (first === undefined || day?.kind !== 'day' || dayOf(day.time) > begun) return this.#blocks;
    this.#count--;
    return [{ key: first.key, lines }, ...rest];
  }

  #append(line: Line): void {
    const last = this.#blocks.at(-1);
    this.#count++;
    if (last === undefined || last.lines.length >= BLOCK) this.#blocks = [...this.#blocks, this.#block([line])];
    else this.#blocks = this.#blocks.with(-1, { key: last.key, lines: [...last.lines, line] });
  }

  #forget(): void {
    while (this.#count > this.#most && this.#blocks.length > 1) {
      this.#count -= (this.#blocks[0] as Block).lines.length;
      this.#blocks = this.#blocks.slice(1);
    }
  }

  #block(lines: readonly Line[]): Block {
    return { key: this.#key(), lines };
  }

  #key(): string {
    return String(++this.#keys);
  }
}

function goesTogether(before: Line | undefined, saying: Omit<MessageLine, 'key' | 'follows'>): boolean {
  if (before?.kind !== 'message' || before.nick !== saying.nick) return false;
  return saying.time - before.time < TOGETHER_MS;
}

/** When the day began, where the reader is. */
function dayOf(time: number): number {
  return new Date(time).setHours(0, 0, 0, 0);
}
