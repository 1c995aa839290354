// Passwords: a check takes the edge a tenth of a second, so it is asked for, its session waits, and the answer comes
// back with verified(). Who was wrong too often waits before another one is checked (guesses.ts). A wrong name costs
// what a wrong password costs, and tells nobody which of the two it was.

import { sourceOf } from '../base/source.ts';
import type { Frame } from '../wire/scanner.ts';
import type { Context } from './context.ts';
import { REASONS, TEXTS, youAreOperator } from './replies.ts';
import { type Checking, ENDED, NEW, type Session } from './session.ts';

/** A hash of 64 MiB that no password is known for, checked where there are no operators. */
const DUMMY_HASH =
  '$argon2id$v=19$m=65536,t=2,p=1$h90bsHPO8hbI12Jl6EWMNhPhdqlfXWYe8ag/G4jG+SA$h+sVDNsE9XlvggBXpkJvPzw0eiOch2auQgb+4bE/+1g';

export function oper(context: Context, session: Session, frame: Frame, now: number): void {
  const name = frame.arg(0);
  if (!context.spend(session, frame, 2, now)) return;
  const { operators, dummyHash } = context.config;
  // An unknown name is checked against somebody's hash, at the same cost; that it may fit helps nobody.
  const [somebody] = operators.values();
  const hash = operators.get(name)?.hash ?? dummyHash ?? somebody?.hash ?? DUMMY_HASH;
  checkPassword(context, session, frame, name, frame.arg(1), hash, now);
}

/** Has `password` checked: `name`'s, or the server's own ('' then) while the session is not registered. */
export function checkPassword(
  context: Context,
  session: Session,
  frame: Frame,
  name: string,
  password: string,
  hash: string,
  now: number,
): void {
  const waitMs = context.guesses.waitMs(name, sourceOf(session.address), now);
  if (waitMs > 0) {
    return context.refuse(session, frame, now, 'ERR_FLOODING', session.state === NEW ? '*' : name, tooMany(waitMs));
  }
  if (context.out.verify(session, password, hash)) {
    session.checking = { name, hash };
    return context.out.pause(session.connection);
  }
  context.refuse(session, frame, now, 'ERR_FLOODING', session.state === NEW ? '*' : name, TEXTS.checks);
}

/** The answer to a check: `ok` when the password fits the hash. */
export function verified(context: Context, session: Session, ok: boolean, now: number): void {
  const { checking } = session;
  session.checking = undefined;
  if (checking === undefined || session.state === ENDED) return;
  if (session.state !== NEW) return answerOper(context, session, checking, ok, now);
  // The server may have another password since it was asked.
  const { passwordHash } = context.config;
  if (!ok || (passwordHash !== undefined && passwordHash !== checking.hash)) {
    const { count, waitMs } = failedGuess(context, session, checking.name, now);
    // Whoever guesses does not write the log: the first does, and each that doubles their number.
    if ((count & (count - 1)) === 0) context.out.log('password.refused', { from: session.address, count, waitMs });
    return fail(context, session, 'PASS', '*', now);
  }
  if (session.registration !== undefined) session.registration.passed = true;
}

function answerOper(context: Context, session: Session, { name, hash }: Checking, ok: boolean, now: number): void {
  const operator = context.config.operators.get(name);
  const by = session.user?.ident ?? session.host;
  const from = session.address;
  // What fitted may be somebody else's hash, or one that has been replaced since.
  if (!ok || operator?.hash !== hash) {
    const { count, waitMs } = failedGuess(context, session, name, now);
    context.out.log('operator.refused', { name, by, from, count, waitMs });
    return fail(context, session, 'OPER', name, now);
  }
  session.operator = { name, ...operator };
  context.guesses.right(name, sourceOf(from));
  context.out.log('operator.accepted', { name, by, from });
  youAreOperator(context.begin(), name);
  context.reply(session);
}

function failedGuess(context: Context, session: Session, name: string, now: number): { count: number; waitMs: number } {
  return context.guesses.failed(name, sourceOf(session.address), context.config.limits.passwordWaitMaxMs, now);
}

function tooMany(waitMs: number): string {
  return `Too many wrong passwords from your address; wait ${Math.ceil(waitMs / 1000)} s and send it again`;
}

function fail(context: Context, session: Session, verb: string, subject: string, now: number): void {
  session.failures++;
  context.refuseVerb(session, verb, now, 'ERR_PASSWDMISMATCH', subject);
  if (session.failures >= context.config.limits.passwordFailures) context.close(session, REASONS.passwords, now);
}

/** The operators are others now: who is none any more, or whose password was changed, has no rights from here on. */
export function operatorsChanged(context: Context): void {
  for (const { session } of context.users.all()) {
    const before = session?.operator;
    if (session === undefined || before === undefined) continue;
    const now = context.config.operators.get(before.name);
    if (now?.hash === before.hash) session.operator = { name: before.name, ...now };
    else {
      session.operator = undefined;
      context.out.log('operator.dismissed', { name: before.name, by: session.user?.ident ?? session.host });
    }
  }
}
