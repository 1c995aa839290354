// Questions to the server and their answers. A server answers the questions of one verb in their order, so an answer
// belongs to the oldest open one that it fits; an error names the verb, and mostly the argument, that it is about.
// Every question is settled once: by its answer, an error, its deadline or the end of the connection. One whose
// deadline passed keeps its place in the row, so that a late answer is not taken for the next one's.

import { ClientError } from './client-error.ts';
import type { ClientFrame } from './frames.ts';

/** The arguments of each frame that answered, in order. */
export type Lines = readonly (readonly string[])[];
export type Outcome = { readonly lines: Lines } | { readonly error: ClientError; readonly args: readonly string[] };

export interface Question {
  readonly verb: string;
  readonly args: readonly (string | number)[];
  /** Unix milliseconds. */
  readonly until: number;
  readonly settle: (outcome: Outcome) => void;
  /** The number under which it can be given up. */
  readonly request?: number;
  /** Whether a frame belongs here, where the verb alone does not tell. */
  readonly fits?: (frame: ClientFrame) => boolean;
}

interface Entry {
  readonly question: Question;
  readonly lines: (readonly string[])[];
  open: boolean;
  sent: boolean;
}

interface Reply {
  readonly to: string;
  readonly last: boolean;
}

const REPLIES: ReadonlyMap<string, Reply> = new Map([
  ['RPL_ROOMCREATED', { to: 'CREATEROOM', last: true }],
  ['RPL_WELCOME', { to: 'JOINROOM', last: true }],
  ['RPL_ULIST', { to: 'ULIST', last: false }],
  ['RPL_ENDOFULIST', { to: 'ULIST', last: true }],
  ['RPL_ROOM', { to: 'LISTROOMS', last: false }],
  ['RPL_ENDOFROOMS', { to: 'LISTROOMS', last: true }],
  ['NEWSEQUENCE', { to: 'GETSEQUENCE', last: true }],
  ['RPL_PENDING', { to: 'FINDSEQUENCE', last: true }],
  ['RPL_ENDOFHISTORY', { to: 'HISTORY', last: true }],
  ['RPL_LSENT', { to: 'LSEND', last: true }],
  ['RPL_BSENT', { to: 'BSEND', last: true }],
  ['RPL_LOCATION', { to: 'LOCATE', last: true }],
  ['RPL_WASLOCATION', { to: 'LOCATE', last: true }],
  ['RPL_MAP', { to: 'MAP', last: false }],
  ['RPL_ENDOFMAP', { to: 'MAP', last: true }],
  ['RPL_YOUREOPER', { to: 'OPER', last: true }],
  ['RPL_KILLED', { to: 'KILL', last: true }],
  ['RPL_SCLOSED', { to: 'SCLOSE', last: true }],
]);

export class Requests {
  readonly #entries: Entry[] = [];
  readonly #send: (verb: string, args: readonly (string | number)[]) => void;
  readonly #max: number;

  /** `send` writes a frame to the server; `max` is how many questions may be open. */
  constructor(send: (verb: string, args: readonly (string | number)[]) => void, max: number) {
    this.#send = send;
    this.#max = max;
  }

  get full(): boolean {
    return this.#entries.length >= this.#max;
  }

  /** Whether nothing is asked. */
  get empty(): boolean {
    return this.#entries.length === 0;
  }

  /** The earliest deadline of an open question; Infinity when there is none. */
  get deadline(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { open, question } of this.#entries) if (open && question.until < next) next = question.until;
    return next;
  }

  /** Asks now, or when `flush` says that there is a server. */
  ask(question: Question, online: boolean): void {
    this.#entries.push({ question, lines: [], open: true, sent: online });
    if (online) this.#send(question.verb, question.args);
  }

  /** A server is there: asks what waited for one. */
  flush(): void {
    for (const entry of this.#entries) {
      if (entry.sent) continue;
      entry.sent = true;
      this.#send(entry.question.verb, entry.question.args);
    }
  }

  /** Offers a reply; whether it belonged to a question. */
  reply(frame: ClientFrame): boolean {
    const reply = REPLIES.get(frame.verb);
    return reply !== undefined && this.answer(reply.to, frame, reply.last);
  }

  /** Gives a frame to the oldest question of `verb` that it fits, as its last one or not. */
  answer(verb: string, frame: ClientFrame, last: boolean): boolean {
    const entry = this.#find(verb, (question) => question.fits?.(frame) ?? true);
    if (entry === undefined) return false;
    entry.lines.push(frame.args);
    if (last) this.#settle(entry, { lines: entry.lines });
    return true;
  }

  /** Gives `ERR_…,verb,subject,text,…` to the oldest question of the verb with that argument, else to the oldest. */
  refuse(frame: ClientFrame): boolean {
    const [verb = '', subject = '', text = ''] = frame.args;
    const named = this.#find(verb, ({ args }) => args.some((arg) => String(arg) === subject));
    const entry = named ?? this.#find(verb, () => true);
    if (entry === undefined) return false;
    const error = new ClientError(frame.verb as `ERR_${string}`, text === '' ? frame.verb : text);
    this.#settle(entry, { error, args: frame.args });
    return true;
  }

  /** Gives up the question `request`: one that was not asked yet never will be. Whether it is one of these. */
  cancel(request: number): boolean {
    const entry = this.#entries.find((each) => each.open && each.question.request === request);
    if (entry === undefined) return false;
    if (!entry.sent) this.#remove(entry);
    entry.open = false;
    const text = entry.sent ? 'given up before the answer' : 'given up before it was asked';
    entry.question.settle({ error: new ClientError('ABORTED', text, entry.sent), args: [] });
    return true;
  }

  /** Settles what waited too long. */
  expire(now: number): void {
    for (const entry of [...this.#entries]) {
      if (!entry.open || entry.question.until > now) continue;
      if (!entry.sent) this.#remove(entry);
      entry.open = false;
      entry.question.settle({ error: new ClientError('TIMEOUT', 'no answer came in time', entry.sent), args: [] });
    }
  }

  /** The connection is gone: what was asked on it is settled with `error`, or with `all` everything. */
  fail(error: ClientError, all: boolean): void {
    const gone = this.#entries.filter((entry) => entry.sent || all);
    for (const entry of gone) this.#settle(entry, { error, args: [] });
  }

  #find(verb: string, fits: (question: Question) => boolean): Entry | undefined {
    return this.#entries.find((entry) => entry.sent && entry.question.verb === verb && fits(entry.question));
  }

  #settle(entry: Entry, outcome: Outcome): void {
    this.#remove(entry);
    if (!entry.open) return;
    entry.open = false;
    entry.question.settle(outcome);
  }

  #remove(entry: Entry): void {
    const index = this.#entries.indexOf(entry);
    if (index >= 0) this.#entries.splice(index, 1);
  }
}
