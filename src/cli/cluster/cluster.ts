// The cluster: a network of real servers on this machine, to be looked at (`bun run cluster`). It starts them, shows how
// they find each other and what becomes of that, says how to chat on each, and kills and starts them again when asked.
// A server that dies is named with its last words, and the others go on. Nothing of it is left behind: Ctrl-C stops all
// servers, and each also stops when this program is gone (LeashedServer). The secret lives in memory alone.
// It exits with 0 when it was ended, with 1 when no server is left and nobody is there to start one, with 2 for a wrong
// flag.

import { randomBytes } from 'node:crypto';
import type { Ready } from '../../ops/life.ts';
import { RUN } from '../../ops/options/invocation.ts';
import { optionsOrExit } from '../flags.ts';
import { openScreen, type Screen } from '../line-screen.ts';
import { plain, type Style, styleFor } from '../terminal-text.ts';
import { LeashedServer } from './leashed-server.ts';
import { Lookout } from './lookout.ts';
import { type ClusterOptions, readClusterFlags } from './options.ts';
import { entryText, invitation, logText, Nearness, treeText } from './text.ts';

const NAMES = ['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta', 'eta', 'theta', 'iota'] as const;
/** When so long nothing happened to the network, its tree is shown. */
const CALM_MS = 400;
/** How often is looked where rooms are at home. */
const LOOK_MS = 500;
/** Of more rooms than these nothing is said. */
const MOST_ROOMS = 20;
/** A signal within this time of the first is the same one heard twice (npx and the terminal both send it). */
const SAME_SIGNAL_MS = 1_000;
const LAST_LINES = 5;

/** One server of the network, over all its lives. */
interface Place {
  readonly number: number;
  readonly name: string;
  nearness: Nearness;
  /** The process, while there is one. */
  server: LeashedServer | undefined;
  /** What it said when it listened: a next life has the same addresses. */
  ready: Ready | undefined;
  /** It listens now. */
  up: boolean;
  /** It was told to end. */
  doomed: boolean;
}

const HELP = [
  'k N   kill server N: it dies at once (SIGKILL)',
  't N   tell server N to leave (SIGTERM)',
  's N   start server N again',
  'l N   the last lines of its log',
  'm     the network as it is seen now',
  'c     what to type to chat',
  'q     end all (Ctrl-C does, too)',
];

class Cluster {
  readonly #style: Style;
  readonly #screen: Screen;
  readonly #secret = randomBytes(32).toString('hex');
  readonly #group = `239.192.${randomBytes(1)[0]}.${randomBytes(1)[0]}:${freePort()}`;
  readonly #places: readonly Place[];
  /** Of the longest name. */
  readonly #width: number;
  readonly #startedAt = performance.now();
  readonly #over = Promise.withResolvers<number>();
  /** Room → the number of the server that it is at home at. */
  #homes = new Map<string, number>();
  #lookout: Lookout | undefined;
  #looking: ReturnType<typeof setInterval> | undefined;
  #endingSince = 0;
  #invited = false;
  #shown = '';
  #calm: ReturnType<typeof setTimeout> | undefined;

  constructor({ servers }: ClusterOptions) {
    this.#style = styleFor(process.stdout, process.env);
    this.#places = NAMES.slice(0, servers).map((name, i) => ({
      number: i + 1,
      name,
      nearness: new Nearness(),
      server: undefined,
      ready: undefined,
      up: false,
      doomed: false,
    }));
    this.#width = Math.max(...this.#places.map(({ name }) => name.length));
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => this.#interrupted());
    // Nobody sees what we show any more.
    process.stdout.on('error', () => this.#interrupted());
    this.#screen = openScreen(() => this.#interrupted());
  }

  /** Runs until it is ended; resolves to the exit code. */
  async run(): Promise<number> {
    const count = this.#places.length;
    const what = count === 1 ? 'one server' : `${count} servers`;
    this.#screen.prompt(this.#style.quiet('cluster> '));
    this.#screen.show(`${this.#style.alarm(`Starting ${what}`)} that look for each other in ${this.#group}`);
    for (const place of this.#places) this.#start(place);
    void this.#read();
    const code = await this.#over.promise;
    this.#screen.close();
    return code;
  }

  async #read(): Promise<void> {
    for await (const line of this.#screen.lines()) {
      try {
        await this.#obey(line.trim());
      } catch (error) {
        this.#screen.notice(this.#style.alarm(`! ${plain(error instanceof Error ? error.message : String(error))}`));
      }
    }
  }

  async #obey(line: string): Promise<void> {
    const [command = '', number = ''] = line.toLowerCase().split(/\s+/);
    switch (command) {
      case '':
        return;
      case 'k':
        return this.#doom(number, 'SIGKILL');
      case 't':
        return this.#doom(number, 'SIGTERM');
      case 's':
        return this.#start(this.#placeOf(number));
      case 'l':
        return this.#showLog(this.#placeOf(number));
      case 'm':
        return this.#showMap(true);
      case 'c':
        return this.#invite();
      case 'q':
        return this.#end();
      case '?':
        for (const row of HELP) this.#screen.show(this.#style.quiet(row));
        return;
      default:
        throw new Error(`there is no ${JSON.stringify(command)}; ? lists what there is`);
    }
  }

  #placeOf(number: string): Place {
    const place = this.#places.find((each) => String(each.number) === number || each.name === number);
    if (place !== undefined) return place;
    const last = this.#places.length;
    throw new Error(`say which server: a number from 1 to ${last}, or its name`);
  }

  #start(place: Place): void {
    if (this.#endingSince !== 0) return;
    if (place.server !== undefined) throw new Error(`${place.name} runs already; k ${place.number} kills it`);
    place.doomed = false;
    place.nearness = new Nearness();
    const { ready } = place;
    const flags = [
      ['--name', place.name],
      ['--id', String(place.number)],
      ['--clients', ready?.clients[0] ?? '127.0.0.1:0'],
      ['--links', ready?.links ?? '127.0.0.1:0'],
      ['--http', 'off'],
      ['--web', 'off'],
      ['--discovery', this.#group],
    ];
    const server = new LeashedServer(flags.flat(), this.#secret, {
      ready: (line) => {
        place.ready = line;
        place.up = true;
        this.#say(place, `is up at ${line.clients[0]}, pid ${line.pid}`);
        this.#look(line.clients[0] ?? '');
        this.#stir();
      },
      logged: (entry) => {
        if (!place.nearness.isNews(entry) || this.#endingSince !== 0) return;
        this.#say(place, entryText(entry, this.#style));
        this.#stir();
      },
      ended: (how) => this.#ended(place, server, how),
    });
    place.server = server;
  }

  #ended(place: Place, server: LeashedServer, how: string): void {
    place.server = undefined;
    place.up = false;
    const left = how === 'exit code 0' ? 'has left' : `is gone (${how})`;
    this.#say(place, this.#style.alarm(place.doomed || this.#endingSince !== 0 ? left : `died: ${how}`));
    if (!place.doomed && this.#endingSince === 0) this.#lastWords(server);
    if (this.#places.some((each) => each.server !== undefined)) return this.#stir();
    if (this.#endingSince !== 0) return;
    this.#screen.show(`No server is left; ${this.#style.alarm('s 1')} starts one, ${this.#style.alarm('q')} ends this`);
    if (!process.stdin.isTTY) this.#over.resolve(1);
  }

  #lastWords(server: LeashedServer): void {
    const lines = server.tail.slice(-LAST_LINES);
    if (lines.length === 0) this.#screen.show(this.#style.quiet('        it logged nothing'));
    for (const line of lines) this.#screen.show(this.#style.quiet(`        ${logText(line)}`));
  }

  #doom(number: string, signal: 'SIGKILL' | 'SIGTERM'): void {
    const place = this.#placeOf(number);
    if (place.server === undefined) throw new Error(`${place.name} is down; s ${place.number} starts it again`);
    place.doomed = true;
    place.server.signal(signal);
  }

  #showLog(place: Place): void {
    if (place.server === undefined) throw new Error(`${place.name} is down`);
    this.#lastWords(place.server);
  }

  /** Something happened: when it is calm again, the network is shown. */
  #stir(): void {
    clearTimeout(this.#calm);
    if (this.#endingSince === 0) this.#calm = setTimeout(() => void this.#showMap(false), CALM_MS);
  }

  /** From now on somebody sees what the network looks like. */
  #look(address: string): void {
    if (this.#lookout !== undefined || this.#endingSince !== 0) return;
    this.#lookout = new Lookout(address);
    this.#looking = setInterval(() => void this.#watchRooms(), LOOK_MS);
  }

  /** Says where rooms are at home, and where they go on. */
  async #watchRooms(): Promise<void> {
    const rooms = await this.#lookout?.rooms();
    if (rooms === undefined || this.#endingSince !== 0 || rooms.length > MOST_ROOMS) return;
    const before = this.#homes;
    this.#homes = new Map(rooms.map(({ room, home }) => [room, home]));
    for (const { room, home } of rooms) {
      const place = this.#places.find(({ number }) => number === home);
      if (place === undefined || before.get(room) === home) continue;
      this.#say(place, `${before.has(room) ? 'takes over' : 'is home of'} room ${this.#style.alarm(plain(room))}`);
    }
  }

  /** Shows the network as a server sees it: when asked, or when it is not what was shown last. */
  async #showMap(asked: boolean): Promise<void> {
    const rows = await this.#lookout?.map();
    if (this.#endingSince !== 0) return;
    if (rows === undefined) {
      if (asked) throw new Error('no server answers');
      return this.#stir();
    }
    const facts = this.#places.map(({ number, name, up, ready }) => ({
      number,
      name,
      address: up ? ready?.clients[0] : undefined,
    }));
    const lines = treeText(rows, facts, this.#style);
    const text = lines.join('\n');
    if (asked || text !== this.#shown)
      this.#showBlock(`The network as ${this.#style.name(plain(rows[0]?.server ?? ''))} sees it`, lines);
    this.#shown = text;
    const whole = rows.length === this.#places.length;
    if (!whole || this.#invited) return;
    this.#invited = true;
    this.#invite();
    this.#screen.show('');
    this.#screen.show(this.#style.quiet('k 2 kills a server, s 2 starts it again, ? lists the rest, Ctrl-C ends all'));
  }

  #showBlock(heading: string, lines: readonly string[]): void {
    this.#screen.show('');
    this.#screen.show(heading);
    for (const line of lines) this.#screen.show(`  ${line}`);
  }

  #invite(): void {
    const addresses = this.#places.flatMap(({ up, ready }) => (up && ready?.clients[0] ? [ready.clients[0]] : []));
    this.#screen.show('');
    for (const line of invitation(addresses, howToRun(), this.#style)) this.#screen.show(line);
  }

  #say({ name, number }: Place, text: string): void {
    const seconds = ((performance.now() - this.#startedAt) / 1_000).toFixed(2).padStart(6);
    const { quiet, name: colour } = this.#style;
    this.#screen.show(
      `${quiet(`${seconds} ${number}`)} ${colour(name)}${' '.repeat(this.#width - name.length)} ${text}`,
    );
  }

  #interrupted(): void {
    if (this.#endingSince === 0) return this.#end();
    if (performance.now() - this.#endingSince < SAME_SIGNAL_MS) return;
    for (const { server } of this.#places) server?.signal('SIGKILL');
    this.#over.resolve(1);
  }

  #end(): void {
    this.#endingSince = performance.now();
    clearTimeout(this.#calm);
    clearInterval(this.#looking);
    this.#lookout?.close();
    this.#screen.show('Ending');
    const stops = this.#places.map(({ server }) => server?.stop());
    void Promise.all(stops).then(() => this.#over.resolve(0));
  }
}

/** A port that was free a moment ago: that of a group is shared, so it has to be known before. */
function freePort(): number {
  const probe = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
  const { port } = probe;
  probe.stop(true);
  return port;
}

/** How scripts of this project are run here: by Bun, or by npx where there is no Bun but the one that npx brought. */
function howToRun(): string {
  if (Bun.isStandaloneExecutable) return RUN;
  const path = Bun.which('bun') ?? '';
  return path === '' || path.includes('/_npx/') ? `npx -y bun@${Bun.version} run` : 'bun run';
}

const code = await new Cluster(optionsOrExit('cluster', readClusterFlags(process.argv.slice(2)))).run();
// What is written to a pipe is written for good only when its callback says so.
process.stdout.write('', () => process.exit(code));
