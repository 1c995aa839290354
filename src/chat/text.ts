// Texts: what people say, as the bytes in which it goes on. A text that came in another form is brought to canonical
// form here; whether it is too long is for the caller to say.

import { canonicalize } from '../wire/canonical.ts';
import type { Frame } from '../wire/scanner.ts';

/** Argument `i` in canonical bytes, in an array of its own. */
export function textArg(frame: Frame, i: number): Uint8Array<ArrayBufferLike> {
  const start = frame.argStart[i] as number;
  const end = frame.argEnd[i] as number;
  return frame.argEscaped[i] === 0 ? frame.bytes.slice(start, end) : canonicalize(frame.bytes, start, end);
}
