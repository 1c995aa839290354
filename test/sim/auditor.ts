// The auditor of a server comes when all is quiet: looks where everybody is and which servers there are, joins every
// room, reads all that is kept of it, lists who is in it, and leaves. What it hears says how each room ended, and what
// the auditors of all servers hear is the same. It asks no faster than its bucket fills.

import { encode } from './frames.ts';
import type { Dial } from './raw-client.ts';
import { type Dialogue, FIRST_AUDITOR, type Record as Heard, type Utterance } from './record.ts';
import type { End } from './transport.ts';
import type { Weather } from './weather.ts';
import type { World } from './world.ts';

const PACE_MS = 100;
/** In which the rest of a room comes to a server where nobody was in it lately. */
const FETCH_MS = 1_000;
/** Answers that are waited for. */
const ANSWERS: Readonly<Record<string, string>> = { JOINROOM: 'RPL_WELCOME', HISTORY: 'RPL_ENDOFHISTORY' };

export class Auditor {
  /** Everything was answered, or it was not let in. */
  isDone = false;
  readonly #paceMs: number;
  readonly #world: World;
  readonly #dialogue: Dialogue;
  readonly #end: End;
  readonly #questions: (readonly string[])[] = [];
  /** The verb of the question whose answer it waits for; '' when it waits for none. */
  #waitsFor = '';

  /** `nicks`: whom it asks for. */
  constructor(server: number, nicks: readonly string[], world: World, weather: Weather, record: Heard, dial: Dial) {
    const rate = weather.base.node.chat.limits.flood?.rate ?? Number.POSITIVE_INFINITY;
    this.#paceMs = Math.max(PACE_MS, 2_000 / rate);
    this.#world = world;
    const name = `c${FIRST_AUDITOR + server}s1`;
    this.#dialogue = record.open(name, FIRST_AUDITOR + server, server, true, world.elapsed);
    this.#end = dial(name, '127.0.0.1', 'observer', server);
    this.#end.handlers = {
      data: (chunk) => {
        for (const utterance of this.#dialogue.hear(world.elapsed, chunk)) this.#hear(utterance);
      },
      drain: () => {},
      end: () => this.#end.end(),
      close: (reason) => {
        this.#dialogue.close(world.elapsed, reason);
        this.isDone = true;
      },
    };
    const password = weather.base.node.chat.passwordHash;
    if (password !== undefined) this.#say('PASS', password);
    this.#say('NICK', `auditor${server}`);
    this.#say('USER', name, '0', '*', 'the auditor');
    if (weather.servers > 1) this.#questions.push(['MAP'], ...nicks.map((nick) => ['LOCATE', nick]));
    this.#questions.push(['LISTROOMS']);
    world.after(this.#paceMs, () => this.#ask());
  }

  retire(): void {
    this.#dialogue.settled = this.#dialogue.ended === undefined;
    this.#end.end();
  }

  #say(verb: string, ...args: string[]): void {
    if (this.#end.closed) return;
    this.#dialogue.say(this.#world.elapsed, verb, args);
    const bytes = encode(verb, args);
    this.#end.write(bytes, 0, bytes.length);
  }

  #ask(): void {
    const [verb, ...args] = this.#questions.shift() ?? [];
    if (verb === undefined || this.isDone) {
      this.isDone = true;
      return;
    }
    this.#say(verb, ...args);
    if (verb in ANSWERS) this.#waitsFor = verb;
    else this.#askLater();
  }

  #askLater(): void {
    const waitMs = this.#waitsFor === 'JOINROOM' ? FETCH_MS : this.#paceMs;
    this.#waitsFor = '';
    this.#world.after(waitMs, () => this.#ask());
  }

  #hear({ verb, args }: Utterance): void {
    const [first = '', second = '', third = ''] = args;
    const isAnswer = verb === ANSWERS[this.#waitsFor] || (verb.startsWith('ERR_') && first === this.#waitsFor);
    if (isAnswer) this.#askLater();
    if (verb === 'PING') this.#say('PONG', ...args);
    else if (verb === 'RPL_ROOM') {
      this.#questions.push(['JOINROOM', first], ['ULIST', first], ['HISTORY', first, '', '', '256']);
      this.#questions.push(['LEAVEROOM', first]);
    } else if (verb === 'RPL_ENDOFHISTORY' && this.#next.get(first) !== third) {
      this.#next.set(first, third);
      this.#questions.unshift(['HISTORY', first, second, third, '256']);
    }
  }

  /** Where HISTORY of a room was to go on; the same answer twice is the end. */
  readonly #next = new Map<string, string>();
}
