// The chat on the whole screen of a terminal. It joins the client, the model that is shown and the keys that are pressed;
// it decides when to draw, to measure the way to the server, to ask for older lines, and when it is over.
// It keeps true that a message of ours stands on the screen from the moment that it is sent until it is settled, that who
// quits waits for what is on its way (a second time does not), and that the terminal is given back whatever happens.

import { ClientError } from '../../client/client-error.ts';
import { type ClientEvent, nickOf } from '../../client/client-events.ts';
import { readNumber } from '../../client/frames.ts';
import type { Lines } from '../../client/requests.ts';
import type { Client } from '../../client/transport/driver.ts';
import { connectTcp } from '../../client/transport/tcp.ts';
import type { Access } from '../access.ts';
import { FullScreen } from '../full-screen.ts';
import { plain } from '../terminal-text.ts';
import { ChatModel } from './chat-model.ts';
import { type Chat, enterAll, obey } from './commands.ts';
import { type Hands, KEYS, Keyboard } from './keyboard.ts';
import { KeyDecoder } from './keys.ts';
import { type Drawn, draw, type Look } from './layout.ts';
import type { ChatOptions } from './options.ts';
import type { RoomView } from './room-view.ts';
import { readBefore } from './scroll-back.ts';
import { adviceOn, complaintOf } from './text.ts';

const RETRY_MAX_MS = 10_000;
/** A key that begins like another one is it when nothing follows for so long. */
const ESCAPE_MS = 40;
/** At most so often is drawn. */
const FRAME_MS = 16;
/** The clock of the status line, and what it counts down. */
const SECOND_MS = 1_000;
/** The first measurement is one of how long we take to start: another one follows. */
const SETTLED_MS = 2_000;
/** So often the way to the server is measured, and the network looked at. */
const LOOK_MS = 15_000;
/** After older lines could not be had they are not asked for so long. */
const ASK_AGAIN_MS = 3_000;
/** What is on its way when we quit may take so long. */
const DRAIN_MS = 5_000;
/** However the server takes our goodbye, the program is gone by then. */
const EXIT_MS = 900;

export class FullChat implements Chat, Hands {
  readonly client: Client;
  readonly keys = KEYS;
  readonly model: ChatModel;
  readonly #options: ChatOptions;
  readonly #look: Look;
  readonly #screen: FullScreen;
  readonly #decoder = new KeyDecoder();
  readonly #keyboard: Keyboard;
  /** Who takes the answer to a question, in its place among the events. */
  readonly #answers = new Map<number, (lines: Lines) => void>();
  #drawn: Drawn | undefined;
  #drawing: ReturnType<typeof setTimeout> | undefined;
  #escape: ReturnType<typeof setTimeout> | undefined;
  #sends = 0;
  #goodbye: string | undefined;

  constructor(options: ChatOptions, { ca, password }: Access, look: Look) {
    this.#options = options;
    this.#look = look;
    this.model = new ChatModel(options.nick);
    this.#screen = new FullScreen({ keys: (text) => this.#pressed(text), redraw: () => this.#draw() });
    this.#keyboard = new Keyboard(this);
    const { servers, nick } = options;
    const who = { servers, nick, limits: { retryMaxMs: RETRY_MAX_MS } };
    this.client = connectTcp(password === undefined ? who : { ...who, password }, (event) => this.#hear(event), ca);
  }

  get room(): string {
    return this.model.front.name;
  }

  set room(room: string) {
    this.model.show(room);
    this.redraw();
  }

  get drawn(): Drawn | undefined {
    return this.#drawn;
  }

  get look(): Look {
    return this.#look;
  }

  async run(): Promise<void> {
    process.on('SIGINT', () => this.quit(''));
    process.on('SIGTERM', () => this.#goodNight());
    process.on('SIGHUP', () => this.#goodNight());
    process.on('uncaughtException', (error) => this.#end(1, String(error.stack ?? error)));
    process.on('unhandledRejection', (error) => this.#end(1, String(error)));
    process.stdout.on('error', () => process.exit(0));
    process.stdin.on('end', () => this.#end(0));
    this.#screen.open();
    setInterval(() => this.#draw(), SECOND_MS);
    setInterval(() => this.#lookAround(), LOOK_MS);
    await enterAll(this, this.#options.rooms, (error) => this.#complain(error));
  }

  say(line: string): void {
    this.model.notice(line, Date.now());
    this.redraw();
  }

  /** What was typed, a command or words. */
  typed(line: string): void {
    obey(this, line).catch((error: unknown) => this.#complain(error));
  }

  /** A text for the room in front, whatever it begins with. */
  speak(text: string): void {
    this.send(this.room, text).catch((error: unknown) => this.#complain(error));
  }

  /** It is shown where it stands, accepted or not, so nobody needs to be told by an error. */
  async send(room: string, text: string): Promise<void> {
    const id = crypto.randomUUID();
    this.model.sending(room, id, text, Date.now());
    this.redraw();
    this.#sends++;
    try {
      const [[, epoch = '', seq] = []] = await this.client.ask((session, now) => session.send(room, text, now, 0, id));
      this.model.accepted(room, id, { epoch, seq: readNumber(seq) ?? 0 });
    } catch (error) {
      const unsure = error instanceof ClientError && error.outcomeUnknown ? ' (it may have arrived)' : '';
      this.model.settled(room, id, complaintOf(error) + unsure);
    }
    this.#sends--;
    this.redraw();
    if (this.#goodbye !== undefined && this.#sends === 0) this.#goodNight();
  }

  quit(message: string): void {
    if (this.#goodbye !== undefined) return this.#end(0);
    this.#goodbye = message;
    if (this.#sends === 0) return this.#goodNight();
    this.model.hint = `${this.#sends} on their way; Ctrl-C once more does not wait for them`;
    setTimeout(() => this.#goodNight(), DRAIN_MS);
    this.redraw();
  }

  suspend(): void {
    this.#screen.suspend();
  }

  redrawAll(): void {
    this.#screen.redrawAll();
  }

  /** Draws soon, and what comes until then with it. */
  redraw(): void {
    this.#drawing ??= setTimeout(() => this.#draw(), FRAME_MS);
  }

  #hear(event: ClientEvent): void {
    const now = Date.now();
    this.model.take(event, now);
    switch (event.kind) {
      case 'online':
        setTimeout(() => this.#lookAround(), SETTLED_MS);
        this.#lookAround();
        break;
      case 'level':
        this.#lookAround();
        break;
      case 'offline':
        if (!this.model.connection.wasOnline && this.model.connection.tries === 1) this.#advise(event.reason);
        break;
      case 'entered':
        this.#entered(event.room, event.again);
        break;
      case 'lagged':
        this.#askPeople(event.room, () => {});
        break;
      case 'left':
        if (event.own) queueMicrotask(() => this.#keepRooms());
        break;
      case 'done':
        this.#answers.get(event.request)?.(event.lines);
        this.#answers.delete(event.request);
        break;
      case 'quit':
        if (this.model.connection.isSplit(event.reason)) this.#lookAround();
        break;
      case 'closed':
        this.#closed(event.reason, event.error);
        break;
    }
    this.redraw();
  }

  #advise(reason: string): void {
    const advice = adviceOn(reason);
    if (advice !== undefined) this.say(advice);
  }

  #entered(room: string, again: boolean): void {
    this.#askPeople(room, (count) => {
      if (!again) this.#tell(room, count === 1 ? 'alone' : `with ${count - 1} more`);
    });
  }

  #tell(room: string, whom: string): void {
    const view = this.model.view(room);
    if (view === undefined) return;
    this.model.tell(view, `you are in ${view.name}, ${whom}; /help lists commands and keys`, Date.now());
  }

  /** Asks who is in a room; the answer is taken in its place among those who come and go. */
  #askPeople(room: string, then: (count: number) => void): void {
    this.#ask('ULIST', [room], (lines) => {
      const rows = lines.slice(0, -1);
      this.model.view(room)?.people.set(rows.map(([, ident = '']) => nickOf(ident)));
      then(rows.length);
    });
  }

  #ask(verb: string, args: readonly string[], take: (lines: Lines) => void): void {
    let request = 0;
    const asked = this.client.ask((session, now) => {
      request = session.request(verb, args, now);
      this.#answers.set(request, take);
      return request;
    });
    // Without an answer things stay as they are shown; the next time is not far.
    asked.catch(() => this.#answers.delete(request));
  }

  /** Measures the way to the server, and looks which servers it sees. */
  #lookAround(): void {
    if (!this.client.online) return;
    const { connection } = this.model;
    const since = performance.now();
    connection.askedAt ??= Date.now();
    this.#ask('PING', [crypto.randomUUID()], () => {
      connection.latencyMs = performance.now() - since;
      connection.askedAt = undefined;
    });
    this.#ask('MAP', [], (lines) => {
      connection.sees(
        lines.slice(0, -1).map(([server = '']) => server),
        Date.now(),
      );
    });
  }

  /** What was left, or never entered, has no place any more. */
  #keepRooms(): void {
    this.model.keep(this.client.rooms);
    this.redraw();
  }

  #complain(error: unknown): void {
    this.#keepRooms();
    if (error instanceof ClientError && error.code === 'CLOSED') return;
    this.model.alarm(complaintOf(error), Date.now());
    this.redraw();
  }

  #pressed(text: string): void {
    clearTimeout(this.#escape);
    for (const input of this.#decoder.feed(text)) this.#keyboard.take(input);
    if (this.#decoder.isWaiting) {
      this.#escape = setTimeout(() => {
        for (const input of this.#decoder.flush()) this.#keyboard.take(input);
        this.#draw();
      }, ESCAPE_MS);
    }
    this.#draw();
  }

  #draw(): void {
    clearTimeout(this.#drawing);
    this.#drawing = undefined;
    const now = Date.now();
    const drawn = draw(this.model, this.#screen.size, this.#look, now);
    this.#drawn = drawn;
    this.#screen.draw(drawn.lines, drawn.cursor);
    if (drawn.atTop) void this.#askOlder(this.model.front, now);
  }

  /** The oldest line is on the screen: asks for what was said before. */
  async #askOlder(view: RoomView, now: number): Promise<void> {
    const { reached } = view;
    if (reached === undefined || view.older !== 'perhaps' || !view.isInside || now < view.askAt) return;
    view.older = 'asked';
    try {
      const ask = (...args: readonly string[]): Promise<Lines> => this.client.request('HISTORY', view.name, ...args);
      this.model.older(view, await readBefore(reached, ask, (epoch) => view.behindEpochBefore(epoch)));
    } catch {
      view.older = 'perhaps';
      view.askAt = Date.now() + ASK_AGAIN_MS;
    }
    this.redraw();
  }

  #goodNight(): void {
    this.model.connection.state = 'leaving';
    void this.client.quit(this.#goodbye);
    setTimeout(() => this.#end(0), EXIT_MS);
  }

  #closed(reason: string, error: ClientError | undefined): void {
    if (error === undefined) this.#end(0);
    else this.#end(1, `! ${plain(reason)}`);
  }

  #end(code: number, words?: string): void {
    this.#screen.close();
    for (const view of this.model.views) {
      for (const { text } of view.pending) process.stderr.write(`! not sent to ${view.name}: ${plain(text)}\n`);
    }
    if (words !== undefined) process.stderr.write(`${words}\n`);
    process.exit(code);
  }
}
