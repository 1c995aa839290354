// What a room gives and takes: messages, places in its order, members, and its events.

import type { ClientError } from '../client-error.ts';

/**
 * A place in the order of a room. It names the same message for everybody, for ever; a message is one too.
 *
 * @example
 * const last: Slot = await room.send('the last that I have seen');
 * const behind = await room.history({ since: last });
 */
export interface Slot {
  readonly epoch: string;
  readonly seq: number;
}

/**
 * A message of a room. Text and nickname are other people's words: who shows them takes out what a screen would obey.
 *
 * @example
 * await room.send('hello');
 * for await (const message of room) {
 *   const { nick, time, text }: RoomMessage = message;
 *   console.log(`${new Date(time).toISOString()} <${nick}> ${text}`);
 *   break;
 * }
 */
export interface RoomMessage extends Slot {
  readonly room: string;
  readonly nick: string;
  /** Unix milliseconds, by the server that is the room's home. */
  readonly time: number;
  readonly text: string;
  /** The sender's own id for it; '' when it gave none. */
  readonly id: string;
}

/**
 * Where a message was accepted, and under which id.
 *
 * @example
 * const sent: Sent = await room.send('hello');
 * console.log(`number ${sent.seq} of ${sent.room}`);
 */
export interface Sent extends Slot {
  readonly room: string;
  readonly id: string;
}

/**
 * Somebody in a room.
 *
 * @example
 * const members: Member[] = await room.members();
 * console.log(members.map(({ nick, server }) => `${nick} on ${server}`).join());
 */
export interface Member {
  readonly nick: string;
  /** `nick!user@host`. */
  readonly ident: string;
  readonly uid: string;
  /** The name of the server that this member is on. */
  readonly server: string;
}

/**
 * How to join a room.
 *
 * @example
 * const options: JoinOptions = { create: true, signal: AbortSignal.timeout(10_000) };
 * const den = await chat.join('den', options);
 */
export interface JoinOptions {
  /** Make the room when there is none. */
  readonly create?: boolean;
  /** Make it again when it has ended by the time of a reconnect. */
  readonly recreate?: boolean;
  /** The last message that was had, perhaps by an earlier run: reading goes on behind it. */
  readonly since?: Slot;
  /** Gives up joining, and leaves the room if it was entered all the same. */
  readonly signal?: AbortSignal;
}

/**
 * How to send a message.
 *
 * @example
 * const options: SendOptions = { id: `order-4711-${crypto.randomUUID()}` };
 * const first = await room.send('paid', options);
 * const again = await room.send('paid', options);
 * console.assert(first.seq === again.seq); // said once
 */
export interface SendOptions {
  /**
   * An id of one's own, 8 to 64 printable ASCII characters, new for each message. The room delivers it once, however often
   * it is sent within ten minutes, also by another run of the program. One is made where none is given.
   */
  readonly id?: string;
  /** Gives the message up: one that was not written yet never will be. */
  readonly signal?: AbortSignal;
}

/**
 * Which messages to ask for.
 *
 * @example
 * const { epoch, seq } = await room.send('hello');
 * const options: HistoryOptions = { since: { epoch, seq: seq - 1 }, limit: 10 };
 * const [hello] = await room.history(options);
 */
export interface HistoryOptions {
  /** Those behind this one; from the first that is kept where it is not given. */
  readonly since?: Slot;
  /** At most so many (256). */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

/**
 * Gives a wait up.
 *
 * @example
 * const options: WaitOptions = { signal: AbortSignal.timeout(10_000) };
 * const members = await room.members(options);
 */
export interface WaitOptions {
  readonly signal?: AbortSignal;
}

/**
 * What happens in a room beside its messages, by kind.
 *
 * @example
 * const kind: keyof RoomEvents = 'lost';
 * const off = room.on(kind, ({ epoch, from, to }) => console.warn(`${epoch}: ${from} to ${to ?? 'the next'} cannot be had`));
 * off();
 */
export interface RoomEvents {
  /** Inside; `again` after a reconnect. */
  entered: { readonly room: string; readonly again: boolean };
  /** Messages that cannot be had any more. Without `to`: everything up to `resumeAt`. */
  lost: {
    readonly room: string;
    readonly epoch: string;
    readonly from: number;
    readonly to: number | undefined;
    readonly resumeAt?: { readonly epoch: string; readonly next: number };
  };
  /**
   * Messages come late: the server left some out for this client (`by` 'client'), or a loop reads too slowly (`by` 'loop',
   * everything from `from` on). They are fetched; what the server keeps no longer is told as `lost`.
   */
  lagged: {
    readonly room: string;
    readonly epoch: string;
    readonly from: number;
    readonly to: number | undefined;
    readonly by: 'client' | 'loop';
  };
  /** Another server is the room's home from here on. */
  epoch: { readonly room: string; readonly epoch: string; readonly next: number };
  /** Somebody came (`nick!user@host`). */
  joined: { readonly room: string; readonly ident: string };
  /** Somebody went, perhaps oneself. */
  left: { readonly room: string; readonly ident: string; readonly own: boolean };
  /** A large room tells how many are in it, and not who. */
  members: { readonly room: string; readonly count: number };
  /** Out of the room, and not of one's own will. */
  expelled: { readonly room: string; readonly error: ClientError };
}
