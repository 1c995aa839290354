// What a chat gives and takes: how to connect, the state of the connection, where people are, and its events.

import type { ClientError } from '../client-error.ts';
import type { ClientLimits } from '../client-options.ts';

/**
 * Where to connect, and as whom.
 *
 * @example
 * const options: ConnectOptions = { servers, nick: 'eve', signal: AbortSignal.timeout(10_000) };
 * await using eve = await connect(options);
 */
export interface ConnectOptions {
  /**
   * `host:port`, `tls://host:port`, `ws://host/ws` or `wss://host/ws`, tried in this order; further ones of the same kinds
   * are learned from servers. Browsers have WebSocket alone.
   */
  readonly servers: readonly string[];
  readonly nick: string;
  /** The user name; the nickname without what a user name may not have, where none is given. */
  readonly user?: string;
  readonly realname?: string;
  /** For servers that ask for one. */
  readonly password?: string;
  /** Whether another nickname may be taken when this one is in use (it may). */
  readonly otherNicks?: boolean;
  /** The authorities to believe in over `tls://`, in PEM; those of the runtime where none are given. */
  readonly ca?: string;
  /** Messages that a loop may have before it, at most (512). */
  readonly queue?: number;
  /** Deadlines and bounds of the client. */
  readonly limits?: Partial<ClientLimits>;
  /** Gives up connecting. It ends nothing once one is connected. */
  readonly signal?: AbortSignal;
}

/**
 * The state of the connection.
 *
 * @example
 * for await (const status of chat.status()) {
 *   const now: Status = status;
 *   if (now.state === 'online') console.log(`${now.nick} at ${now.server}`);
 *   break;
 * }
 */
export type Status =
  | { readonly state: 'connecting'; readonly server: string }
  /** `resumed`: the session before was taken over, nickname included. */
  | { readonly state: 'online'; readonly server: string; readonly nick: string; readonly resumed: boolean }
  /** The next try is at `retryAt`, Unix milliseconds. */
  | { readonly state: 'offline'; readonly server: string; readonly reason: string; readonly retryAt: number }
  /** The end. Without `error` it was asked for. */
  | { readonly state: 'closed'; readonly reason: string; readonly error: ClientError | undefined };

/**
 * Where somebody is, or was.
 *
 * @example
 * const location: Location | undefined = await chat.locate(chat.nick);
 * if (location?.kind === 'here') console.log(location.server, location.hops);
 */
export type Location =
  | {
      readonly kind: 'here';
      readonly nick: string;
      /** `nick!user@host`. */
      readonly ident: string;
      readonly uid: string;
      /** The name of the server, and how many links it is away. */
      readonly server: string;
      readonly hops: number;
    }
  /** Nobody has the name now; the last to have it goes by `now`, or is gone. `time` in Unix milliseconds. */
  | {
      readonly kind: 'was';
      readonly nick: string;
      readonly now: string | undefined;
      readonly uid: string;
      readonly server: string;
      readonly time: number;
    };

/**
 * What happens to a chat beside its rooms, by kind.
 *
 * @example
 * const kind: keyof ChatEvents = 'told';
 * const off = chat.on(kind, ({ nick, text }) => console.log(`${nick} to me: ${text}`));
 * off();
 */
export interface ChatEvents {
  /** A message to this user alone. Times are Unix milliseconds. */
  told: { readonly nick: string; readonly time: number; readonly text: string };
  /** An operator speaks to all. */
  broadcast: { readonly nick: string; readonly scope: string; readonly time: number; readonly text: string };
  /** Somebody has another nickname, perhaps oneself. */
  renamed: { readonly ident: string; readonly nick: string; readonly own: boolean };
  /** Somebody is gone from all rooms. */
  quit: { readonly ident: string; readonly reason: string };
}
