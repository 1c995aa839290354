// What a client of a test has heard: the lines that nobody took yet, and who waits for more of them. It knows no socket;
// the clients that are made of it tell it what comes, and that nothing will come any more.

/** Generous: machines are busy, and who waits for what never comes has failed anyway. */
const DEADLINE_MS = 30_000;

interface Waiter {
  readonly look: () => boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class Heard {
  /** Every line received that was not taken yet. */
  readonly lines: string[] = [];
  /** The connection has ended. */
  closed = false;
  #waiters: Waiter[] = [];
  #broken: Error | undefined;

  /** Takes lines up to the first that starts with `start` and returns that one. */
  async until(start: string): Promise<string> {
    return (await this.upTo(start)).at(-1) as string;
  }

  /** Takes lines up to the first that starts with `start` and returns all of them. */
  async upTo(start: string): Promise<string[]> {
    let looked = 0;
    const found = (): boolean => {
      while (looked < this.lines.length && !this.lines[looked]?.startsWith(start)) looked++;
      return looked < this.lines.length;
    };
    await this.wait(found, start);
    return this.lines.splice(0, looked + 1);
  }

  /** Takes the next `count` lines. */
  async take(count: number): Promise<string[]> {
    await this.wait(() => this.lines.length >= count, `${count} lines`);
    return this.lines.splice(0, count);
  }

  /** Resolves when the server has ended the connection. */
  async ended(): Promise<void> {
    await this.wait(() => this.closed, 'the end');
  }

  /** Resolves when `look` holds; it is asked whenever something came. */
  wait(look: () => boolean, what: string): Promise<void> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    if (look()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const heard = JSON.stringify(this.lines.slice(-5));
        reject(new Error(`waited for ${what}; received ${heard}, closed ${this.closed}${this.more()}`));
      }, DEADLINE_MS);
      const over = (settle: () => void) => (): void => {
        clearTimeout(timer);
        settle();
      };
      this.#waiters.push({ look, resolve: over(resolve), reject: (error) => over(() => reject(error))() });
    });
  }

  /** What else is to be told where somebody waited in vain. */
  protected more(): string {
    return '';
  }

  /** Something came, or changed. */
  protected came(): void {
    this.#waiters = this.#waiters.filter((waiter) => {
      if (!waiter.look()) return true;
      waiter.resolve();
      return false;
    });
  }

  /** Nothing comes any more. */
  protected gone(): void {
    this.closed = true;
    this.came();
  }

  /** What came may never come: everybody who waits, now or later, is told so. */
  protected broke(error: Error): void {
    this.#broken = error;
    for (const { reject } of this.#waiters.splice(0)) reject(error);
  }
}
