// What a client tells its user: state of the connection, what happens in rooms, and the outcome of what was asked.
// Texts, nicknames and reasons are other people's words, as they were sent: who shows them takes out what a screen
// would obey.

import type { ClientError } from './client-error.ts';
import type { OrderEvent } from './epoch-slots.ts';
import type { Lines } from './requests.ts';

/** What happens to one room's messages, in the order of the room. */
export type RoomEvent = OrderEvent & { readonly room: string };

export type ClientEvent =
  | RoomEvent
  /** A connection is being made. */
  | { readonly kind: 'dialling'; readonly server: string }
  /**
   * Registered at the server called `name`, which was dialled as `server`. `resumed`: the session before was taken over,
   * nickname included. `replicated`: a message that is accepted there is with a second server by then, and not with its
   * room's home alone.
   */
  | {
      readonly kind: 'online';
      readonly server: string;
      readonly name: string;
      readonly nick: string;
      readonly resumed: boolean;
      readonly replicated: boolean;
    }
  /** The server has told its limits again; `replicated` as above. */
  | { readonly kind: 'level'; readonly replicated: boolean }
  /** No connection; the next try is at `retryAt` (Unix ms). `wasOnline`: there was a session until now. */
  | {
      readonly kind: 'offline';
      readonly server: string;
      readonly reason: string;
      readonly retryAt: number;
      readonly wasOnline: boolean;
    }
  /** The end: nothing comes after this. Without `error` it was asked for. */
  | { readonly kind: 'closed'; readonly reason: string; readonly error: ClientError | undefined }
  /** The server left slots out, as this client took them too slowly; what it still keeps is asked for. */
  | {
      readonly kind: 'lagged';
      readonly room: string;
      readonly epoch: string;
      readonly from: number;
      readonly to: number;
    }
  /** In the room, whose next slot is (epoch, next); `again` after a reconnect. */
  | {
      readonly kind: 'entered';
      readonly room: string;
      readonly again: boolean;
      readonly epoch: string;
      readonly next: number;
    }
  /** No longer in the room, and not of one's own will. */
  | { readonly kind: 'expelled'; readonly room: string; readonly error: ClientError }
  | { readonly kind: 'joined'; readonly room: string; readonly ident: string }
  | { readonly kind: 'left'; readonly room: string; readonly ident: string; readonly own: boolean }
  | { readonly kind: 'renamed'; readonly ident: string; readonly nick: string; readonly own: boolean }
  | { readonly kind: 'quit'; readonly ident: string; readonly reason: string }
  | { readonly kind: 'members'; readonly room: string; readonly count: number }
  /** A message to this user alone. */
  | { readonly kind: 'told'; readonly nick: string; readonly time: number; readonly text: string }
  | {
      readonly kind: 'broadcast';
      readonly nick: string;
      readonly scope: string;
      readonly time: number;
      readonly text: string;
    }
  /** What was asked for under this number happened. `lines` are the arguments of the frames that said so. */
  | { readonly kind: 'done'; readonly request: number; readonly lines: Lines }
  | { readonly kind: 'failed'; readonly request: number; readonly error: ClientError }
  /** A frame that answers nothing which was asked here: the answers to raw frames, and verbs of the future. */
  | { readonly kind: 'frame'; readonly verb: string; readonly args: readonly string[] }
  /** The server sent something that is no frame. */
  | { readonly kind: 'fault'; readonly reason: string };

/** The nickname in `nick!user@host`. */
export function nickOf(ident: string): string {
  const end = ident.indexOf('!');
  return end < 0 ? ident : ident.slice(0, end);
}
