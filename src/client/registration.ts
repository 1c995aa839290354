// How a client registers: what it says on a new connection, and what it makes of a refusal.
// It keeps the nickname that it has between connections, and the token by which it takes its own former session over.

import { isNick, isUser } from '../wire/names.ts';
import { ClientError } from './client-error.ts';
import { nickOf } from './client-events.ts';
import type { ClientOptions } from './client-options.ts';
import type { ClientFrame } from './frames.ts';

type Write = (verb: string, ...args: readonly string[]) => void;

/** What a refusal comes to: the next step was taken, this server is of no use now, or no server will be. */
export type Verdict = 'going-on' | 'elsewhere' | ClientError;

const NICK_TRIES = 8;
const NICK_LENGTH = 32;
const FATAL: ReadonlySet<string> = new Set(['ERR_BADNICK', 'ERR_BADUSER', 'ERR_PASSWDMISMATCH']);

export class Registration {
  /** The nickname now held or asked for. */
  nick: string;
  /** `nick!user@host`, once a server has said so. */
  ident = '';
  /** The name of the server that we are at, once it has said so. */
  server = '';
  /** Whether the last registration took the session before over. */
  resumed = false;
  readonly #options: ClientOptions;
  readonly #random: () => number;
  #wanted: string;
  #tries = 0;
  #uid = '';
  #token = '';

  constructor(options: ClientOptions, random: () => number) {
    this.#options = options;
    this.#random = random;
    this.#wanted = options.nick;
    this.nick = options.nick;
  }

  /** Says who we are. */
  open(write: Write): void {
    const { password, user = userFrom(this.#wanted), realname = this.#wanted } = this.#options;
    this.#wanted = this.nick;
    this.#tries = 0;
    this.resumed = this.#token !== '';
    if (password !== undefined) write('PASS', password);
    write('NICK', this.nick);
    if (this.resumed) write('RESUME', this.#uid, this.#token);
    write('USER', user, '0', '*', realname);
  }

  /** RPL_WELCOME,*: we are in. */
  welcome(args: readonly string[]): void {
    const [, ident = '', uid = '', token = ''] = args;
    this.ident = ident;
    this.nick = nickOf(ident);
    this.#uid = uid;
    this.#token = token;
  }

  /** Our nickname has changed. */
  renamed(nick: string): void {
    this.ident = nick + this.ident.slice(nickOf(this.ident).length);
    this.nick = nick;
  }

  /** An error before the welcome. */
  refused(frame: ClientFrame, write: Write): Verdict {
    const [verb = '', , text = frame.verb] = frame.args;
    if (frame.verb === 'ERR_NICKINUSE') return this.#tryOther(write);
    if (frame.verb === 'ERR_BADTOKEN' || verb === 'RESUME') {
      this.#token = '';
      this.resumed = false;
      return 'going-on';
    }
    if (FATAL.has(frame.verb)) return new ClientError(frame.verb as `ERR_${string}`, text);
    return frame.verb === 'ERR_ALREADYREGISTERED' ? 'going-on' : 'elsewhere';
  }

  #tryOther(write: Write): Verdict {
    if (this.#options.otherNicks === false || this.#tries >= NICK_TRIES) {
      return new ClientError('ERR_NICKINUSE', `the nickname ${this.nick} is in use`);
    }
    this.#tries++;
    const suffix = this.#tries <= 2 ? '_'.repeat(this.#tries) : String(this.#random() % 10_000);
    this.nick = this.#wanted.slice(0, NICK_LENGTH - suffix.length) + suffix;
    write('NICK', this.nick);
    return 'going-on';
  }
}

/** A user name made of a nickname. */
function userFrom(nick: string): string {
  const user = isNick(nick) ? nick.replace(/[^A-Za-z0-9_.-]/g, '-') : nick;
  return isUser(user) ? user : 'user';
}
