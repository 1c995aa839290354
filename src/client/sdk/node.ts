// The package for Node: TCP by its own sockets, and WebSocket. The types of every runtime are those of web.ts.

import { ClientError } from '../client-error.ts';
import { nodeTcpDialler } from '../transport/node-tcp.ts';
import { webSocketDialler } from '../transport/web-socket.ts';
import type { Chat } from './chat.ts';
import type { ConnectOptions } from './chat-types.ts';
import { connectBy } from './connect.ts';

/** Connects; the same as that of web.ts, with more transports. */
export function connect(options: ConnectOptions): Promise<Chat> {
  const tcp = nodeTcpDialler(options.ca);
  return connectBy({ tcp, tls: tcp, ws: webSocketDialler, wss: webSocketDialler }, options);
}

export { ClientError };
