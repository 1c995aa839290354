// Absences: people who come and go, told in one line where it is one story. When a server is lost or cut off, its people
// go all at once and mostly come back all at once: that is one line, which says in the end how it went.

/** Whom something took away, and who of them is back. */
export interface Absence {
  /** What the server said was the reason. */
  readonly reason: string;
  readonly since: number;
  readonly gone: ReadonlySet<string>;
  readonly back: ReadonlySet<string>;
}

/** Who is back after so long was simply away. */
const STORY_MS = 10 * 60_000;
const NAMED = 4;

/** Whether a reason of QUIT is that two servers lost each other: their names, and nothing more. */
export function isSplit(reason: string, servers: ReadonlySet<string>): boolean {
  const words = reason.split(' ');
  return words.length === 2 && words.every((word) => servers.has(word));
}

export function absence(reason: string, nick: string, now: number): Absence {
  return { reason, since: now, gone: new Set([nick]), back: new Set() };
}

/** The story with one more who went for the same reason. */
export function went(story: Absence, nick: string): Absence {
  const back = new Set(story.back);
  back.delete(nick);
  return { ...story, gone: new Set([...story.gone, nick]), back };
}

/** The story with one who came back; undefined when that is no part of it. */
export function cameBack(story: Absence, nick: string, now: number): Absence | undefined {
  if (!story.gone.has(nick) || now - story.since > STORY_MS) return undefined;
  return { ...story, back: new Set([...story.back, nick]) };
}

/** The story in a line. */
export function inWords({ reason, gone, back }: Absence): string {
  const [near = '', far = ''] = reason.split(' ');
  const still = [...gone].filter((nick) => !back.has(nick));
  const people = gone.size === 1 ? '1 person' : `${gone.size} people`;
  if (still.length === 0) return `${far} was out of reach of ${near} for a while; ${people} left and came back`;
  const away = still.length === gone.size ? `${list(still)} left` : `${list(still)} left, ${back.size} came back`;
  return `${far} is out of reach of ${near}: ${away}`;
}

/** Names in words: at most four of them. */
export function list(names: readonly string[]): string {
  const shown = names.slice(0, NAMED);
  const rest = names.length - shown.length;
  if (rest > 0) return `${shown.join(', ')} and ${rest} more`;
  return shown.length < 2 ? shown.join() : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}
