// A bridge from WebSocket to a server's TCP port: what a client sends in messages goes on as bytes, and what the server says
// comes back in messages that end wherever a chunk did. It keeps the client's messages, to be looked at.

import type { ServerWebSocket, Socket } from 'bun';

interface Line {
  server: Socket | undefined;
  readonly early: Uint8Array[];
}

export class WebSocketBridge implements Disposable {
  readonly messages: (string | Uint8Array)[] = [];
  readonly #listener: Bun.Server<Line>;
  readonly #open = new Set<ServerWebSocket<Line>>();

  /** `subprotocol`: the one that it speaks. */
  constructor(port: number, subprotocol = 'chorus.1') {
    const { messages } = this;
    const open = this.#open;
    this.#listener = Bun.serve<Line>({
      hostname: '127.0.0.1',
      port: 0,
      fetch(request, server) {
        const { pathname } = new URL(request.url);
        const headers = { 'Sec-WebSocket-Protocol': subprotocol };
        const data = { server: undefined, early: [] };
        if (pathname === '/ws' && server.upgrade(request, { data, headers })) return undefined;
        return new Response('not here', { status: 404 });
      },
      websocket: {
        open(line) {
          open.add(line);
          void dial(port, line);
        },
        message(line, message) {
          const bytes = typeof message === 'string' ? message : new Uint8Array(message);
          messages.push(bytes);
          if (typeof bytes === 'string') return;
          if (line.data.server === undefined) line.data.early.push(bytes);
          else line.data.server.write(bytes);
        },
        close(line) {
          open.delete(line);
          line.data.server?.end();
        },
      },
    });
  }

  get address(): string {
    return `ws://127.0.0.1:${this.#listener.port}/ws`;
  }

  /** Ends every connection without a word. */
  cut(): void {
    for (const line of this.#open) line.terminate();
  }

  /** Says this to every client. */
  say(message: string | Uint8Array<ArrayBuffer>): void {
    for (const line of this.#open) line.send(message);
  }

  [Symbol.dispose](): void {
    void this.#listener.stop(true);
  }
}

async function dial(port: number, line: ServerWebSocket<Line>): Promise<void> {
  const socket = {
    open(server: Socket) {
      line.data.server = server;
      for (const bytes of line.data.early.splice(0)) server.write(bytes);
    },
    data: (_: Socket, chunk: Uint8Array) => void line.sendBinary(chunk),
    close: () => line.close(),
  };
  await Bun.connect({ hostname: '127.0.0.1', port, socket }).catch(() => line.close());
}
