// What belongs to the connection and not to the chat: signs of life, and the end that a client asks for.

import type { Frame } from '../wire/scanner.ts';
import type { Context } from './context.ts';
import type { Session } from './session.ts';

export function ping(context: Context, session: Session, frame: Frame, now: number): void {
  if (!context.spend(session, frame, 1, now)) return;
  const frames = context.begin().begin('PONG');
  for (let i = 0; i < frame.argc; i++) {
    if (frame.argEscaped[i] === 0) frames.raw(frame.bytes, frame.argStart[i] as number, frame.argEnd[i] as number);
    else frames.arg(frame.arg(i));
  }
  frames.end();
  context.reply(session);
}

/** Any frame is a sign of life; this one is nothing else. */
export function pong(context: Context, session: Session, frame: Frame, now: number): void {
  context.spend(session, frame, 1, now);
}

export function quit(context: Context, session: Session, frame: Frame, now: number): void {
  context.close(session, quitReason(session, frame, context.config.limits.textBytes), now, 'done');
}

/** What others read: always behind `Quit: `, so that nobody can say what only a server says. */
export function quitReason(session: Session, frame: Frame, textBytes: number): string {
  const length = frame.argc === 0 ? 0 : (frame.argEnd[0] as number) - (frame.argStart[0] as number);
  const words = length > textBytes ? '' : frame.arg(0);
  return `Quit: ${words || session.user?.nick || 'not registered'}`;
}
