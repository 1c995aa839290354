// What macs are made over: the canonical bytes of a frame, written again from the values that were read, so that both
// sides mac the same bytes however the frame was spaced or escaped on its way. Nothing here knows a secret.

import { copyBytes, utf8Bytes } from '../base/bytes.ts';
import type { Frame } from '../wire/scanner.ts';
import { FrameWriter } from '../wire/writer.ts';

/** A nonce as it may come from a peer. */
const NONCE = /^[\x21-\x7e]{1,64}$/;

export function isNonce(text: string): boolean {
  return NONCE.test(text);
}

/** The values of all arguments of a frame. */
export function argsOf(frame: Frame): string[] {
  const args: string[] = [];
  for (let i = 0; i < frame.argc; i++) args.push(frame.name(i));
  return args;
}

/** A whole frame, without an LF. */
export function frameBytes(verb: string, args: readonly (string | number)[]): Uint8Array {
  const writer = begun(verb, args).end();
  return writer.bytes.slice(0, writer.length - 1);
}

/** What AUTH of `role` is made over: `auth,`, the role, a comma, and both SERVER frames, the dialler's first. */
export function authText(role: 'dialler' | 'listener', dialler: Uint8Array, listener: Uint8Array): Uint8Array {
  const label = utf8Bytes(`auth,${role},`);
  const text = new Uint8Array(label.length + dialler.length + listener.length);
  copyBytes(label, 0, label.length, text, 0);
  copyBytes(dialler, 0, dialler.length, text, label.length);
  copyBytes(listener, 0, listener.length, text, label.length + dialler.length);
  return text;
}

function begun(verb: string, args: readonly (string | number)[]): FrameWriter {
  const writer = new FrameWriter().begin(verb);
  for (const arg of args) writer.arg(arg);
  return writer;
}
