// What a browser keeps for its person between two visits: the nickname, the rooms, and what was written and not sent.
// Nothing else is kept, no password and no message. Where a browser keeps nothing, nothing is missed.

export interface Kept {
  readonly nick: string;
  readonly rooms: readonly string[];
  readonly drafts: Readonly<Record<string, string>>;
}

const KEY = 'chorus';
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

export function keep(what: Kept): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(what));
  } catch {
    // It is full, or not to be had.
  }
}
