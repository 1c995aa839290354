// Connecting: checks what was given, joins the client to the transports that this runtime has, and waits until a server
// has let it in. It refuses addresses of a transport that is not there before anything is dialled.

import { ClientError } from '../client-error.ts';
import type { ClientOptions } from '../client-options.ts';
import { type TransportKind, transportOf } from '../servers.ts';
import { Client, type Dialler } from '../transport/driver.ts';
import { Chat } from './chat.ts';
import type { ConnectOptions } from './chat-types.ts';

/** The transports of a runtime: how to dial the servers of each kind. */
export type Diallers = Partial<Record<TransportKind, Dialler>>;

const QUEUE = 512;

export async function connectBy(diallers: Diallers, options: ConnectOptions): Promise<Chat> {
  const { servers, signal, queue = QUEUE, ca: _, ...given } = options;
  const wrong = wrongServers(diallers, servers) ?? wrongQueue(queue);
  if (wrong !== undefined) throw new ClientError('BAD_ARGUMENT', wrong);
  const client = new Client({ servers, ...given } satisfies ClientOptions, dialBy(diallers));
  const chat = new Chat(client, queue);
  await online(chat, client, signal);
  return chat;
}

async function online(chat: Chat, client: Client, signal: AbortSignal | undefined): Promise<void> {
  try {
    for await (const status of chat.status(signal === undefined ? {} : { signal })) {
      if (status.state === 'online') return;
      if (status.state === 'closed') throw status.error ?? new ClientError('CLOSED', status.reason);
    }
  } catch (error) {
    await client.quit();
    throw error;
  }
}

function dialBy(diallers: Diallers): Dialler {
  return (server, events) => (diallers[transportOf(server) as TransportKind] as Dialler)(server, events);
}

function wrongServers(diallers: Diallers, servers: readonly string[]): string | undefined {
  if (servers.length === 0) return 'no servers are given';
  for (const server of servers) {
    const kind = transportOf(server);
    if (kind === undefined) return `${server} is no address: host:port, tls://host:port, ws://host/ws or wss://host/ws`;
    if (diallers[kind] === undefined) return `there is no TCP here for ${server}: give an address with ws:// or wss://`;
  }
  return undefined;
}

function wrongQueue(queue: number): string | undefined {
  return Number.isSafeInteger(queue) && queue >= 1 ? undefined : 'a queue holds one message at least';
}
