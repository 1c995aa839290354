// ANSWER: each command gets exactly its answers, in the order of the commands. Messages are counted by their id instead,
// for theirs may come late; a FINDSEQUENCE may be answered by a slot, which looks like any other.

import type { Dialogue, Record, Utterance } from '../record.ts';
import type { Violation } from '../violation.ts';
import { type Checker, violation } from './checker.ts';

/** What ends the answer to a command. */
const ANSWERED_BY: { readonly [verb: string]: string } = {
  RPL_ROOMCREATED: 'CREATEROOM',
  RPL_ENDOFULIST: 'ULIST',
  RPL_ENDOFROOMS: 'LISTROOMS',
  NEWSEQUENCE: 'GETSEQUENCE',
  RPL_PENDING: 'FINDSEQUENCE',
  RPL_ENDOFHISTORY: 'HISTORY',
  RPL_LSENT: 'LSEND',
  RPL_BSENT: 'BSEND',
  RPL_LOCATION: 'LOCATE',
  RPL_WASLOCATION: 'LOCATE',
  RPL_ENDOFMAP: 'MAP',
  RPL_YOUREOPER: 'OPER',
  RPL_KILLED: 'KILL',
  RPL_SCLOSED: 'SCLOSE',
  PONG: 'PING',
};

/** These may go without an answer, or be answered together. */
const QUIET = new Set(['PASS', 'RESUME', 'USER', 'CSEND', 'PONG', 'QUIT', 'EXIT', 'FINDSEQUENCE']);

export const answers: Checker = {
  name: 'answers',
  check(record) {
    return record.dialogues.flatMap((dialogue) => new Answers(record, dialogue).check());
  },
};

class Answers {
  readonly #record: Record;
  readonly #dialogue: Dialogue;
  readonly #found: Violation[] = [];
  #pending: Utterance[] = [];
  #ident = '';
  /** Until then a NICK was answered by the welcome, or not at all. */
  #welcomedAt = Number.POSITIVE_INFINITY;
  readonly #said = new Map<string, number>();
  readonly #answered = new Map<string, number>();
  /** For each PING: the ids that were said before it. */
  readonly #before = new Map<Utterance, readonly { readonly id: string }[]>();
  readonly #open: { readonly id: string }[] = [];

  constructor(record: Record, dialogue: Dialogue) {
    this.#record = record;
    this.#dialogue = dialogue;
  }

  check(): Violation[] {
    for (const utterance of this.#dialogue.utterances) {
      if (utterance.said) this.#say(utterance);
      else this.#hear(utterance);
    }
    if (this.#dialogue.settled && !this.#dialogue.isAuditor) {
      for (const [id, times] of this.#said) {
        const got = this.#answered.get(id) ?? 0;
        if (got !== times)
          this.#violate(this.#record.facts.calmAt, `${id} was said ${times} times and answered ${got}`);
      }
    }
    return this.#found;
  }

  #violate(at: number, what: string): void {
    this.#found.push(violation('ANSWER', this.#dialogue, at, what));
  }

  #say(utterance: Utterance): void {
    const { verb, args } = utterance;
    if (verb === 'CSEND') {
      const id = args[3] ?? '';
      if (id === '') return;
      this.#said.set(id, (this.#said.get(id) ?? 0) + 1);
      this.#open.push({ id });
      return;
    }
    if (verb === 'PING') this.#before.set(utterance, [...this.#open]);
    this.#pending.push(utterance);
  }

  #hear(utterance: Utterance): void {
    const { verb, args, at } = utterance;
    const [first = '', second = ''] = args;
    if (verb === 'RPL_WELCOME' && first === '*') {
      this.#ident = second;
      this.#welcomedAt = utterance.order;
      // It answers USER, or the NICK that was sent after USER had been refused.
      const user = this.#pending.findIndex((one) => one.verb === 'USER');
      const nick = this.#pending.findIndex((one) => one.verb === 'NICK');
      this.#pending = this.#pending.slice((user >= 0 ? user : nick) + 1);
      return;
    }
    if (verb === 'RPL_SENT') return this.#answerId(args[3] ?? '', at);
    if (verb.startsWith('ERR_') && first === 'CSEND') {
      if (args.length > 4 && args[4] !== '') this.#answerId(args[4] ?? '', at);
      return;
    }
    const answered = this.#answers(utterance);
    if (answered !== undefined) this.#answer(answered, utterance);
    if (verb === 'NICK' && first === this.#ident) this.#ident = `${second}${first.slice(first.indexOf('!'))}`;
  }

  /** The verb of the command that this frame is the last answer to. */
  #answers({ verb, args }: Utterance): string | undefined {
    const [first = '', second = ''] = args;
    if (verb === 'RPL_WELCOME') return 'JOINROOM';
    if (verb === 'LEAVEROOM') return second === this.#ident ? 'LEAVEROOM' : undefined;
    if (verb === 'NICK') return first === this.#ident ? 'NICK' : undefined;
    if (verb === 'ERR_BADFRAME' || verb === 'ERR_FRAMETOOLONG' || first === '*') return undefined;
    if (verb.startsWith('ERR_')) return verb === 'ERR_NOSUCHNICK' && first === 'LSEND' ? undefined : first;
    return ANSWERED_BY[verb];
  }

  #answer(verb: string, { at, verb: by, args }: Utterance): void {
    const index = this.#pending.findIndex((one) => one.verb === verb);
    const asked = this.#pending[index];
    if (asked === undefined) return this.#violate(at, `${by} ${args[0] ?? ''} answers nothing`);
    for (const { verb: skipped, order } of this.#pending.slice(0, index)) {
      const isQuiet = QUIET.has(skipped) || (skipped === 'NICK' && order < this.#welcomedAt);
      if (!isQuiet) this.#violate(at, `${skipped} was not answered before the ${verb} behind it, by ${by}`);
    }
    this.#pending.splice(0, index + 1);
    if (by === 'PONG') this.#pong(asked, args, at);
  }

  #pong(asked: Utterance, args: readonly string[], at: number): void {
    if (args.join() !== asked.args.join()) this.#violate(at, `PING ${asked.args.join()} was answered ${args.join()}`);
    if (!this.#record.facts.instantLog || this.#record.facts.rooms === 'shared') return;
    const late = this.#before.get(asked)?.find((one) => this.#open.includes(one));
    if (late !== undefined) this.#violate(at, `${late.id} was not answered before the PING behind it`);
  }

  #answerId(id: string, at: number): void {
    const got = (this.#answered.get(id) ?? 0) + 1;
    this.#answered.set(id, got);
    const open = this.#open.findIndex((one) => one.id === id);
    if (open >= 0) this.#open.splice(open, 1);
    if (got > (this.#said.get(id) ?? 0)) this.#violate(at, `${id} was answered more often than it was said`);
  }
}
