// Talk: a person's chat (the SDK over WebSocket) joined to their desk. What comes from the network becomes what is shown,
// what is typed becomes what is sent. Nothing is decided about order, repetition or reconnecting: that is the SDK's.

import type { Chat } from '../../../client/sdk/chat.ts';
import type { Status } from '../../../client/sdk/chat-types.ts';
import type { Room } from '../../../client/sdk/room.ts';
import type { RoomMessage } from '../../../client/sdk/room-types.ts';
import { ClientError, connect } from '../../../client/sdk/web.ts';
import type { Desk } from './desk.ts';
import type { Conversation } from './room.ts';
import { inLine } from './text.ts';

export interface Person {
  readonly nick: string;
  readonly password?: string;
}

const CONNECT_MS = 20_000;
/** What a server keeps of a room is mostly less. */
const MOST_HISTORY = 4000;
/** A message that was accepted is here soon; until then it is shown as sent. */
const ARRIVAL_MS = 3000;
/** A room in which people are shown with their servers. */
const FEW = 40;
const SETTLE_MS = 1500;

export class Talk {
  readonly desk: Desk;
  readonly #chat: Chat;
  readonly #rooms = new Map<Conversation, Room>();
  readonly #joining = new Set<Conversation>();
  /** Rooms that are being left, by conversation: who comes back waits for that. */
  readonly #leaving = new Map<string, Promise<unknown>>();

  /** Connects to the server; rejects with why it cannot be. */
  static async begin(server: string, { nick, password }: Person, desk: Desk): Promise<Talk> {
    const signal = AbortSignal.timeout(CONNECT_MS);
    const secret = password === undefined || password === '' ? {} : { password };
    return new Talk(await connect({ servers: [server], nick, ...secret, otherNicks: false, signal }), desk);
  }

  private constructor(chat: Chat, desk: Desk) {
    this.#chat = chat;
    this.desk = desk;
    desk.nick = chat.nick;
    void this.#follow();
    chat.on('told', ({ nick, text, time }) => this.#told(nick, nick, text, time, false));
    chat.on('broadcast', ({ nick, text }) => desk.say('warn', inLine(`${nick} to everybody: ${text}`)));
    chat.on('renamed', ({ ident, nick, own }) =>
      this.#each((each, now) => each.renamed(nickOf(ident), nick, own, now)),
    );
    chat.on('quit', ({ ident, reason }) =>
      this.#each((each, now) => each.quit(nickOf(ident), reason, desk.servers, now)),
    );
  }

  /** Goes into a room, which is made if there is none, and turns to it. */
  async join(name: string, look = true): Promise<void> {
    const { desk } = this;
    const conversation = desk.open('room', name);
    if (look) desk.look(conversation);
    if (conversation.entered || this.#joining.has(conversation)) return;
    this.#joining.add(conversation);
    conversation.expelled = undefined;
    try {
      await this.#leaving.get(conversation.key);
      const room = await this.#into(name, conversation);
      const at = desk.find('room', name);
      // Who has left meanwhile is not to be in it; who has left and come back is waited for there.
      if (at === undefined) return await this.#out(conversation, room);
      if (at !== conversation) return;
      conversation.name = room.name;
      this.#rooms.set(conversation, room);
      this.#enter(conversation, room);
    } catch (error) {
      conversation.expelled = wordsFor(error);
    } finally {
      this.#joining.delete(conversation);
    }
    desk.changed();
  }

  /** The room, read on from where it was read before. */
  #into(name: string, { head }: Conversation): Promise<Room> {
    const place = head === undefined ? {} : { since: head };
    const signal = AbortSignal.timeout(CONNECT_MS);
    return this.#chat.join(name, { create: true, recreate: true, signal, ...place });
  }

  /** Begins to talk with one person alone. */
  talkTo(nick: string): void {
    this.desk.look(this.desk.open('direct', nick));
  }

  async leave(conversation: Conversation): Promise<void> {
    const room = this.#rooms.get(conversation);
    this.#rooms.delete(conversation);
    this.desk.close(conversation);
    if (room !== undefined) await this.#out(conversation, room);
  }

  async #out({ key }: Conversation, room: Room): Promise<void> {
    const left = room.leave().catch(() => undefined);
    this.#leaving.set(key, left);
    await left;
    if (this.#leaving.get(key) === left) this.#leaving.delete(key);
  }

  async rename(nick: string): Promise<void> {
    try {
      await this.#chat.rename(nick);
      this.desk.nick = this.#chat.nick;
      this.desk.changed();
    } catch (error) {
      this.desk.say('warn', wordsFor(error));
    }
  }

  /** Says something; what fails is told beside it. */
  async send(conversation: Conversation, text: string, id = newId()): Promise<void> {
    const { desk } = this;
    conversation.settled(id);
    conversation.sending(id, text);
    desk.changed();
    try {
      if (conversation.kind === 'direct') await this.#tell(conversation, text, id);
      else await this.#say(conversation, text, id);
    } catch (error) {
      conversation.failed(id, wordsFor(error));
    }
    desk.changed();
  }

  /** Asks for what was said before we came. */
  async recall(conversation: Conversation): Promise<void> {
    const room = this.#rooms.get(conversation);
    if (room === undefined || conversation.history !== 'none') return;
    conversation.history = 'asked';
    this.desk.changed();
    try {
      const messages = await room.history({ limit: MOST_HISTORY, signal: AbortSignal.timeout(CONNECT_MS) });
      conversation.recall(before(messages, conversation.first), this.desk.nick);
    } catch {
      // The connection is gone, or the room has not settled yet: it is asked for again while one is there.
      conversation.history = 'none';
      setTimeout(() => void this.recall(conversation), SETTLE_MS);
    }
    this.desk.changed();
  }

  /** Ends it at once: a page that goes away waits for nothing. */
  close(): void {
    void this.#chat.close();
  }

  async #say(conversation: Conversation, text: string, id: string): Promise<void> {
    const room = this.#rooms.get(conversation);
    if (room === undefined) throw new ClientError('NOT_IN_ROOM', 'you are not in this room');
    await room.send(text, { id });
    setTimeout(() => {
      conversation.settled(id);
      this.desk.changed();
    }, ARRIVAL_MS);
  }

  async #tell(conversation: Conversation, text: string, id: string): Promise<void> {
    const nobody = await this.#chat.tell([conversation.name], text);
    if (nobody.length > 0) throw new ClientError('ERR_NOSUCHNICK', `nobody here is called ${conversation.name}`);
    conversation.settled(id);
    this.#told(conversation.name, this.desk.nick, text, Date.now(), true);
  }

  #told(withWhom: string, from: string, text: string, time: number, own: boolean): void {
    const conversation = this.desk.open('direct', withWhom);
    conversation.tell(from, text, time, own, this.desk.isRead(conversation));
    this.desk.changed();
  }

  #enter(conversation: Conversation, room: Room): void {
    const told = (tell: (now: number) => void) => {
      tell(Date.now());
      this.desk.changed();
    };
    conversation.entered = true;
    room.on('entered', () => void this.#look(conversation, room));
    let asks: ReturnType<typeof setTimeout> | undefined;
    room.on('joined', ({ ident }) => {
      told((now) => conversation.joined(nickOf(ident), now));
      // Which server they are at is told to who asks; of many people nobody wants to know.
      clearTimeout(asks);
      if (conversation.people.size <= FEW) asks = setTimeout(() => void this.#look(conversation, room), SETTLE_MS);
    });
    room.on('left', ({ ident, own }) => own || told((now) => conversation.left(nickOf(ident), now)));
    room.on('members', ({ count }) => told(() => (conversation.crowd = count)));
    room.on('lost', ({ from, to, resumeAt }) =>
      told((now) => conversation.lost(from, to, resumeAt && { epoch: resumeAt.epoch, seq: resumeAt.next - 1 }, now)),
    );
    room.on('epoch', ({ epoch, next }) => told((now) => conversation.moved(epoch, next, now)));
    room.on('expelled', ({ error }) => told(() => (conversation.expelled = wordsFor(error))));
    void this.#read(conversation, room);
    void this.#look(conversation, room);
    void this.recall(conversation);
  }

  async #read(conversation: Conversation, room: Room): Promise<void> {
    const { desk } = this;
    try {
      for await (const message of room) {
        conversation.say(message, desk.nick, desk.isRead(conversation));
        desk.changed();
      }
    } catch (error) {
      conversation.expelled = wordsFor(error);
    }
    conversation.entered = false;
    this.#rooms.delete(conversation);
    desk.changed();
  }

  /** Asks who is there. */
  async #look(conversation: Conversation, room: Room): Promise<void> {
    try {
      const members = await room.members({ signal: AbortSignal.timeout(CONNECT_MS) });
      conversation.populate(members);
      for (const { server } of members) this.desk.servers.add(server);
      this.desk.changed();
    } catch {
      // The connection is gone, or we are: whoever comes back asks again.
    }
  }

  async #follow(): Promise<void> {
    const { desk } = this;
    for await (const status of this.#chat.status()) {
      desk.connection = lineOf(status);
      desk.nick = this.#chat.nick;
      desk.changed();
    }
  }

  #each(tell: (conversation: Conversation, now: number) => void): void {
    for (const conversation of this.desk.conversations) tell(conversation, Date.now());
    this.desk.changed();
  }
}

function lineOf(status: Status): Desk['connection'] {
  switch (status.state) {
    case 'online':
    case 'connecting':
      return { state: status.state, server: hostOf(status.server) };
    case 'offline':
      return { ...status, server: hostOf(status.server) };
    case 'closed':
      return { state: 'closed', reason: wordsFor(status.error ?? status.reason) };
  }
}

/** Those of `messages` that come before the first that is here already. */
function before(messages: readonly RoomMessage[], first: { readonly epoch: string; readonly seq: number } | undefined) {
  const at = messages.findIndex(({ epoch, seq }) => epoch === first?.epoch && seq >= first.seq);
  return at < 0 ? messages : messages.slice(0, at);
}

/** Why something did not work, for the person. */
export function wordsFor(error: unknown): string {
  if (error instanceof DOMException && error.name === 'TimeoutError') return 'Nobody answered in time';
  const words = inLine(error instanceof Error ? error.message : String(error));
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function nickOf(ident: string): string {
  return ident.split('!', 1)[0] as string;
}

function hostOf(address: string): string {
  return URL.parse(address)?.host ?? address;
}

/** An id for a message, as nobody else makes one. */
function newId(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
