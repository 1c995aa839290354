// The API's token: who has it may do what an operator may. It is a line of a file, or a variable; two lines while it is
// being changed. What is compared are digests, so that how long it takes tells nothing, not even a length.

import { createHash, timingSafeEqual } from 'node:crypto';

/** Fewer characters can be guessed. */
export const ENOUGH_CHARACTERS = 16;

export class ApiTokens {
  #digests: readonly Buffer[] = [];

  constructor(tokens: readonly string[]) {
    this.use(tokens);
  }

  /** Takes others, from now on; none: nobody has access. False when they are the same. */
  use(tokens: readonly string[]): boolean {
    const before = this.#digests;
    this.#digests = tokens.map(digest);
    return before.length !== tokens.length || before.some((each, i) => !each.equals(this.#digests[i] as Buffer));
  }

  /** Whether there is a token at all: without one nobody has access. */
  get some(): boolean {
    return this.#digests.length > 0;
  }

  /** Whether an Authorization header brings one of the tokens. */
  admits(header: string | undefined): boolean {
    const given = digest(/^Bearer +(\S+) *$/i.exec(header ?? '')?.[1] ?? '');
    // All are tried, whichever fits.
    let fits = false;
    for (const known of this.#digests) if (timingSafeEqual(known, given)) fits = true;
    return fits;
  }
}

/** What is wrong with tokens, in a line each; they come from `source`. */
export function tokenProblems(tokens: readonly string[], source: string): string[] {
  const problems: string[] = [];
  if (tokens.some((token) => token.length < ENOUGH_CHARACTERS)) {
    problems.push(
      `${source}: a token has at least ${ENOUGH_CHARACTERS} characters: make one with \`openssl rand -hex 32\``,
    );
  }
  if (tokens.some((token) => !/^[\x21-\x7e]*$/.test(token))) {
    problems.push(`${source}: a token is printable ASCII without spaces, as a header has to carry it`);
  }
  return problems;
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
