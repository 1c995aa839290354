// The package for browsers and whatever else has WebSocket, and the types for every runtime.

import { ClientError } from '../client-error.ts';
import { webSocketDialler } from '../transport/web-socket.ts';
import type { Chat } from './chat.ts';
import type { ConnectOptions } from './chat-types.ts';
import { connectBy } from './connect.ts';

export type { ErrorCode } from '../client-error.ts';
export type { ClientLimits } from '../client-options.ts';
export type { Chat } from './chat.ts';
export type { ChatEvents, ConnectOptions, Location, Status } from './chat-types.ts';
export type { Room } from './room.ts';
export type {
  HistoryOptions,
  JoinOptions,
  Member,
  RoomEvents,
  RoomMessage,
  SendOptions,
  Sent,
  Slot,
  WaitOptions,
} from './room-types.ts';

/**
 * Connects; resolves when a server has let the client in. It tries one server after the other until then, or until the
 * signal ends it, and rejects with a ClientError when it is refused for good.
 *
 * @example
 * await using eve = await connect({ servers, nick: 'eve' });
 * const den = await eve.join('den', { create: true });
 * await den.send('hello');
 */
export function connect(options: ConnectOptions): Promise<Chat> {
  return connectBy({ ws: webSocketDialler, wss: webSocketDialler }, options);
}

export { ClientError };
