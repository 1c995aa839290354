// The chat in lines of text: what happens stands below what happened before, on a terminal with a prompt, in a pipe
// without. On a terminal what is typed never waits for what was typed before; from a pipe each line is settled before the
// next one is read, and the program ends, with 1 when a line failed, at the end of the input.

import { ClientError } from '../../client/client-error.ts';
import type { ClientEvent } from '../../client/client-events.ts';
import type { Client } from '../../client/transport/driver.ts';
import { connectTcp } from '../../client/transport/tcp.ts';
import { roomKey } from '../../wire/names.ts';
import type { Access } from '../access.ts';
import { openScreen, type Screen } from '../line-screen.ts';
import { plain, type Style } from '../terminal-text.ts';
import { type Chat, enterAll, obey } from './commands.ts';
import type { ChatOptions } from './options.ts';
import { adviceOn, complaintOf, lineOf } from './text.ts';

const RETRY_MAX_MS = 10_000;
/** However the server takes our goodbye, the program is gone by then. */
const EXIT_MS = 900;

export class LineChat implements Chat {
  readonly client: Client;
  readonly keys: readonly string[] = [];
  readonly #screen: Screen;
  readonly #style: Style;
  readonly #options: ChatOptions;
  #room = '';
  #wasOnline = false;
  #tries = 0;
  #failed = false;
  #leaving = false;

  constructor(options: ChatOptions, { ca, password }: Access, style: Style) {
    this.#options = options;
    this.#style = style;
    this.#screen = openScreen(() => this.#interrupted());
    const limits = { retryMaxMs: RETRY_MAX_MS };
    const { servers, nick } = options;
    const who = password === undefined ? { servers, nick, limits } : { servers, nick, limits, password };
    this.client = connectTcp(who, (event) => this.#hear(event), ca);
    process.on('SIGINT', () => this.#interrupted());
    process.on('SIGTERM', () => this.#interrupted());
    // Nobody reads what we show any more: there is nothing left to do.
    process.stdout.on('error', () => process.exit(0));
  }

  get room(): string {
    return this.#room;
  }

  set room(room: string) {
    this.#room = room;
    this.#prompt();
  }

  say(line: string): void {
    this.#screen.notice(this.#style.quiet(line));
  }

  async send(room: string, text: string): Promise<void> {
    await this.client.send(room, text);
  }

  quit(message: string): void {
    if (this.#leaving) return;
    this.#leaving = true;
    void this.client.quit(message);
    setTimeout(() => this.#exit(), EXIT_MS).unref();
  }

  /** Enters the first room, then does what is typed until there is no more. */
  async run(): Promise<void> {
    const entered = enterAll(this, this.#options.rooms, (error) => this.#complain(error));
    const piped = !process.stdin.isTTY;
    if (piped) await entered;
    for await (const line of this.#screen.lines()) {
      if (this.#leaving) break;
      const done = obey(this, line).catch((error: unknown) => this.#complain(error, line));
      if (piped) await done;
    }
    this.quit('');
  }

  #hear(event: ClientEvent): void {
    const line = lineOf(event, this.#style, this.client?.rooms.length > 1, Date.now());
    if (line !== undefined) this.#screen.show(line);
    switch (event.kind) {
      case 'online':
        this.#online(event.server, event.nick);
        break;
      case 'offline':
        this.#offline(event);
        break;
      case 'entered':
        if (!event.again) this.#entered(event.room);
        break;
      case 'expelled':
        this.#screen.notice(`! you are no longer in ${plain(event.room)}: ${plain(event.error.message)}`);
        if (roomKey(event.room) === roomKey(this.#room)) this.room = '';
        break;
      case 'renamed':
        if (event.own) this.#prompt();
        break;
      case 'closed':
        this.#closed(event.reason, event.error);
        break;
    }
  }

  #online(server: string, nick: string): void {
    const again = this.#wasOnline ? 'connected again' : 'connected';
    this.say(`${again} to ${server} as ${plain(nick)}`);
    this.#wasOnline = true;
    this.#tries = 0;
    this.#prompt();
  }

  /** The first loss of a connection is not worth a line: most often the next try brings it back. */
  #offline({ server, reason, retryAt, wasOnline }: Extract<ClientEvent, { kind: 'offline' }>): void {
    if (wasOnline || this.#leaving) return;
    this.#tries++;
    const seconds = Math.max((retryAt - Date.now()) / 1000, 0).toFixed(1);
    this.say(`cannot reach ${server}: ${plain(reason)}; next try in ${seconds} s (try ${this.#tries})`);
    const advice = this.#tries === 1 && !this.#wasOnline ? adviceOn(reason) : undefined;
    if (advice !== undefined) this.say(advice);
  }

  #entered(room: string): void {
    this.client.users(room).then(
      (users) => {
        const count = users.length;
        this.say(
          `you are in ${plain(room)}, ${count === 1 ? 'alone' : `with ${count - 1} more`}; /help lists commands`,
        );
      },
      () => this.say(`you are in ${plain(room)}`),
    );
  }

  #closed(reason: string, error: ClientError | undefined): void {
    if (error !== undefined) {
      this.#failed = true;
      this.#screen.notice(`! ${plain(reason)}`);
    }
    this.#exit();
  }

  #complain(error: unknown, line?: string): void {
    if (error instanceof ClientError && error.code === 'CLOSED') return;
    this.#failed = true;
    const said = line === undefined || line.startsWith('/') ? '' : `not sent: ${plain(line)}: `;
    this.#screen.notice(this.#style.alarm(`! ${said}${complaintOf(error)}`));
  }

  #prompt(): void {
    const name = this.#style.quiet(`${plain(this.client.nick)}${this.#room === '' ? '' : ` ${plain(this.#room)}`}`);
    this.#screen.prompt(`${name}> `);
  }

  #interrupted(): void {
    this.#failed = false;
    this.quit('');
  }

  #exit(): void {
    this.#screen.close();
    const piped = !process.stdin.isTTY;
    process.exitCode = this.#failed && (piped || !this.#wasOnline) ? 1 : 0;
    // What is written to a pipe is written for good only when its callback says so.
    process.stdout.write('', () => process.exit());
  }
}
