// The desk: all conversations of one person, which of them is looked at, and how the connection is. Whoever draws it is told
// once that something has changed, and not again until it has looked.

import { Conversation } from './room.ts';

/** How the connection is, in the words of the page. */
export type Line =
  | { readonly state: 'connecting'; readonly server: string }
  | { readonly state: 'online'; readonly server: string }
  | { readonly state: 'offline'; readonly server: string; readonly reason: string; readonly retryAt: number }
  | { readonly state: 'closed'; readonly reason: string };

/** A short word to the person, which goes away. */
export interface Notice {
  readonly key: number;
  readonly tone: 'quiet' | 'warn';
  readonly text: string;
}

export class Desk {
  nick: string;
  connection: Line;
  active: Conversation | undefined;
  /** The page is in front of somebody. */
  watched = true;
  notice: Notice | undefined;
  /** Servers that are known by name. */
  readonly servers = new Set<string>();
  readonly #conversations = new Map<string, Conversation>();
  /** What was written and not sent, of conversations that are not open. */
  readonly #drafts: Map<string, string>;
  readonly #changed: () => void;
  #notices = 0;

  constructor(nick: string, server: string, changed: () => void, drafts: Readonly<Record<string, string>> = {}) {
    this.nick = nick;
    this.#drafts = new Map(Object.entries(drafts));
    this.connection = { state: 'connecting', server };
    this.#changed = changed;
  }

  get conversations(): Conversation[] {
    return [...this.#conversations.values()];
  }

  /** Messages that were not read, of all. */
  get unread(): number {
    return this.conversations.reduce((sum, { unread }) => sum + unread, 0);
  }

  get mentioned(): boolean {
    return this.conversations.some(({ mentioned }) => mentioned);
  }

  /** What was written and not sent, by conversation; also of those that are not open. */
  get drafts(): Record<string, string> {
    const open = this.conversations.map(({ key, draft }) => [key, draft] as const);
    return Object.fromEntries([...this.#drafts, ...open].filter(([, draft]) => draft !== ''));
  }

  find(kind: Conversation['kind'], name: string): Conversation | undefined {
    return this.#conversations.get(keyOf(kind, name));
  }

  /** The conversation of that name, which begins if there is none. */
  open(kind: Conversation['kind'], name: string): Conversation {
    const key = keyOf(kind, name);
    const found = this.#conversations.get(key);
    if (found !== undefined) return found;
    const made = new Conversation(kind, key, name);
    made.draft = this.#drafts.get(key) ?? '';
    this.#drafts.delete(key);
    this.#conversations.set(key, made);
    this.#changed();
    return made;
  }

  close(conversation: Conversation): void {
    const at = this.conversations.indexOf(conversation);
    this.#conversations.delete(conversation.key);
    if (conversation.draft !== '') this.#drafts.set(conversation.key, conversation.draft);
    if (this.active === conversation) this.look(this.conversations[Math.max(at - 1, 0)]);
    this.#changed();
  }

  /** Turns to a conversation. */
  look(at: Conversation | undefined): void {
    if (this.active !== at) this.active?.leaveOff();
    this.active = at;
    if (this.watched) at?.read();
    this.#changed();
  }

  /** The page came to the front, or went to the back. */
  watch(watched: boolean): void {
    this.watched = watched;
    if (watched) this.active?.read();
    else this.active?.leaveOff();
    this.#changed();
  }

  /** Turns to the conversation that is `by` places on; with `unread` the next that has something new. */
  turn(by: 1 | -1, unread = false): void {
    const all = this.conversations;
    const from = all.indexOf(this.active as Conversation);
    for (let i = 1; i <= all.length; i++) {
      const next = all[(from + by * i + all.length * 2) % all.length];
      if (next !== undefined && next !== this.active && (!unread || next.unread > 0)) return this.look(next);
    }
  }

  isRead(conversation: Conversation): boolean {
    return this.watched && this.active === conversation;
  }

  say(tone: Notice['tone'], text: string): void {
    this.notice = { key: ++this.#notices, tone, text };
    this.#changed();
  }

  /** Something was changed in a conversation, or here. */
  changed(): void {
    this.#changed();
  }
}

function keyOf(kind: Conversation['kind'], name: string): string {
  return `${kind} ${name.normalize('NFC').toLowerCase()}`;
}
