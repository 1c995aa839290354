// What a browser keeps for its person between two visits: the nickname, the rooms, and what was written and not sent.
// Nothing else is kept, no password and no message. A tab remembers, for as long as it is there, that its person was in:
// a reload goes on without asking. Where a browser keeps nothing, nothing is missed.

export interface Kept {
  readonly nick: string;
  readonly rooms: readonly string[];
  readonly drafts: Readonly<Record<string, string>>;
}

const KEY = 'chorus';
const INSIDE = 'chorus-inside';
const NOTHING: Kept = { nick: '', rooms: [], drafts: {} };

export function kept(): Kept {
  try {
    const read = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Kept>;
    const rooms = Array.isArray(read.rooms) ? read.rooms.filter((room) => typeof room === 'string') : [];
    const drafts = Object.entries(read.drafts ?? {}).filter(([, text]) => typeof text === 'string');
    return { nick: typeof read.nick === 'string' ? read.nick : '', rooms, drafts: Object.fromEntries(drafts) };
  } catch {
    return NOTHING;
  }
}

let written = '';

/** Keeps it where it is not what was kept last: browsers write slowly, and another tab may have kept something since. */
export function keep(what: Kept): void {
  const text = JSON.stringify(what);
  if (text === written) return;
  written = text;
  try {
    localStorage.setItem(KEY, text);
  } catch {
    // It is full, or not to be had.
  }
}

/** Whether this tab's person was in before it was loaded again. */
export function wasInside(): boolean {
  try {
    return sessionStorage.getItem(INSIDE) !== null;
  } catch {
    return false;
  }
}

export function beInside(): void {
  try {
    sessionStorage.setItem(INSIDE, '1');
  } catch {
    // A reload asks who one is.
  }
}
