// Bytes: copying, comparing and decoding ranges of byte arrays without making views of them.
// A view costs 20 ns and garbage; the native Buffer methods take offsets and cost neither, so they are used where
// the runtime has them (Bun, Node), called on plain Uint8Arrays. Browsers get the obvious fallback.
// This file knows no sockets and keeps nothing.

interface NativeBytes {
  copy(this: Uint8Array, target: Uint8Array, at: number, start: number, end: number): number;
  latin1Slice(this: Uint8Array, start: number, end: number): string;
  utf8Slice(this: Uint8Array, start: number, end: number): string;
  latin1Write(this: Uint8Array, text: string, at: number, length: number): number;
}
interface Encoding {
  readonly Buffer?: { readonly prototype: NativeBytes };
  readonly TextEncoder: new () => { encode(text: string): Uint8Array<ArrayBuffer> };
  readonly TextDecoder: new (
    label: string,
    options: { fatal: boolean; ignoreBOM: boolean },
  ) => {
    decode(bytes: Uint8Array): string;
  };
}

const runtime = globalThis as unknown as Encoding;
const native = runtime.Buffer?.prototype;
const encoder = new runtime.TextEncoder();
const decoder = new runtime.TextDecoder('utf-8', { fatal: false, ignoreBOM: true });

/** Copies source[start, end) to target at `at`. The caller has checked that it fits and does not overlap. */
export function copyBytes(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): void {
  // Below some twenty bytes a loop beats the call into native code.
  if (end - start <= 24) {
    for (let i = start, to = at; i < end; i++, to++) target[to] = source[i] as number;
  } else if (native !== undefined) {
    native.copy.call(source, target, at, start, end);
  } else {
    target.set(source.subarray(start, end), at);
  }
}

/** Whether a[aStart, aEnd) and b[bStart, bEnd) hold the same bytes. */
export function equalBytes(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): boolean {
  if (aEnd - aStart !== bEnd - bStart) return false;
  for (let i = aStart, j = bStart; i < aEnd; i++, j++) if (a[i] !== b[j]) return false;
  return true;
}

/** bytes[start, end) as a string, one code unit a byte. Exact for ASCII. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  if (native !== undefined) return native.latin1Slice.call(bytes, start, end);
  let text = '';
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i] as number);
  return text;
}

/** bytes[start, end) decoded as UTF-8; ill-formed bytes become U+FFFD (a scanner has refused those before). */
export function utf8(bytes: Uint8Array, start: number, end: number): string {
  if (native !== undefined) return native.utf8Slice.call(bytes, start, end);
  return decoder.decode(bytes.subarray(start, end));
}

/** `text` as UTF-8 in a new array. */
export function utf8Bytes(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** Writes an ASCII string to target at `at`; returns the offset behind it. The caller has checked that it fits. */
export function writeAscii(text: string, target: Uint8Array, at: number): number {
  if (native !== undefined && text.length > 12) {
    native.latin1Write.call(target, text, at, text.length);
    return at + text.length;
  }
  let to = at;
  for (let i = 0; i < text.length; i++) target[to++] = text.charCodeAt(i);
  return to;
}

/** The number of decimal digits of a non-negative safe integer. */
export function digitCount(value: number): number {
  let digits = 1;
  let rest = value;
  // As in writeDecimal, what is longer is cut where integers are fast.
  for (; rest >= 1e9; digits += 9) rest = Math.floor(rest / 1e9);
  for (let low = rest | 0; low >= 10; digits++) low = (low / 10) | 0;
  return digits;
}

/** Writes a non-negative safe integer in decimal to target at `at`; returns the offset behind it. */
export function writeDecimal(value: number, target: Uint8Array, at: number): number {
  let rest = value;
  const end = at + digitCount(value);
  let to = end;
  // Above 2^31 division runs in doubles; peel nine digits at a time so that the inner loop stays in integers.
  while (rest >= 1e9) {
    const high = Math.floor(rest / 1e9);
    let low = (rest - high * 1e9) | 0;
    for (let i = 0; i < 9; i++) {
      const next = (low / 10) | 0;
      target[--to] = 48 + low - next * 10;
      low = next;
    }
    rest = high;
  }
  let low = rest | 0;
  do {
    const next = (low / 10) | 0;
    target[--to] = 48 + low - next * 10;
    low = next;
  } while (to > at);
  return end;
}

/** Reads bytes[start, end) as a decimal of at most 15 digits; -1 when it is empty, longer or not all digits. */
export function readDecimal(bytes: Uint8Array, start: number, end: number): number {
  if (end <= start || end - start > 15) return -1;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = (bytes[i] as number) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** Reads bytes[start, end) as a non-negative safe integer; -1 when it is empty, too large or not all digits. */
export function safeDecimal(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length < 1 || length > 16) return -1;
  // Nine digits at a time stay in integers.
  const middle = length > 9 ? end - 9 : start;
  let high = 0;
  let low = 0;
  for (let i = start; i < middle; i++) {
    const digit = (bytes[i] as number) - 48;
    if (digit < 0 || digit > 9) return -1;
    high = (high * 10 + digit) | 0;
  }
  for (let i = middle; i < end; i++) {
    const digit = (bytes[i] as number) - 48;
    if (digit < 0 || digit > 9) return -1;
    low = (low * 10 + digit) | 0;
  }
  const value = high * 1e9 + low;
  return value <= Number.MAX_SAFE_INTEGER ? value : -1;
}
