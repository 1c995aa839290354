// The auditor comes when all is quiet: joins every room, reads all that is kept of it, lists who is in it, asks for the
// next slot, and leaves. What it hears says how each room ended. It asks one thing a second, so that nobody's bucket is
// ever empty.

import { encode } from './frames.ts';
import type { Dial } from './raw-client.ts';
import type { Dialogue, Record, Utterance } from './record.ts';
import type { End } from './transport.ts';
import type { Weather } from './weather.ts';
import type { World } from './world.ts';

/** The auditor's number among the clients. */
export const AUDITOR = 999;
const PACE_MS = 1_000;

export class Auditor {
  /** Everything was answered, or it was not let in. */
  isDone = false;
  readonly #world: World;
  readonly #dialogue: Dialogue;
  readonly #end: End;
  readonly #questions: (readonly string[])[] = [];

  constructor(world: World, weather: Weather, record: Record, dial: Dial) {
    this.#world = world;
    this.#dialogue = record.open(`c${AUDITOR}s1`, AUDITOR, true, world.elapsed);
    this.#end = dial(`c${AUDITOR}s1`, '127.0.0.1', 'observer');
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
    const password = weather.server.node.chat.passwordHash;
    if (password !== undefined) this.#say('PASS', password);
    this.#say('NICK', 'auditor');
    this.#say('USER', `c${AUDITOR}s1`, '0', '*', 'the auditor');
    this.#questions.push(['LISTROOMS']);
    world.after(PACE_MS, () => this.#ask());
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
    this.#world.after(PACE_MS, () => this.#ask());
  }

  #hear({ verb, args }: Utterance): void {
    const [first = '', second = '', third = ''] = args;
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
