// The reference parser: the frame grammar once more, as slowly and as plainly as possible, to hold the scanner against.
// It takes a whole stream as one string with a character a byte, and reads it with regular expressions; it has no
// class table, no chunks and no state beside one flag. It shares no code with what it checks.

/** What a reader says of a stream, one after the other; `next` is the offset at which reading goes on. */
export type Finding =
  | { readonly verb: string; readonly args: readonly string[]; readonly next: number }
  | { readonly verb: string; readonly offset: number; readonly next: number }
  | { readonly tooLong: true };

export interface Reading {
  readonly findings: readonly Finding[];
  /** Bytes of a frame at the end of the stream that is not complete. */
  readonly held: number;
}

const WELL_FORMED = [
  '[\\x00-\\x7f]',
  '[\\xc2-\\xdf][\\x80-\\xbf]',
  '\\xe0[\\xa0-\\xbf][\\x80-\\xbf]',
  '[\\xe1-\\xec\\xee\\xef][\\x80-\\xbf]{2}',
  '\\xed[\\x80-\\x9f][\\x80-\\xbf]',
  '\\xf0[\\x90-\\xbf][\\x80-\\xbf]{2}',
  '[\\xf1-\\xf3][\\x80-\\xbf]{3}',
  '\\xf4[\\x80-\\x8f][\\x80-\\xbf]{2}',
].join('|');
const BEGUN = [
  '[\\xc2-\\xdf]',
  '\\xe0[\\xa0-\\xbf]?',
  '[\\xe1-\\xec\\xee\\xef][\\x80-\\xbf]?',
  '\\xed[\\x80-\\x9f]?',
  '\\xf0(?:[\\x90-\\xbf][\\x80-\\xbf]?)?',
  '[\\xf1-\\xf3](?:[\\x80-\\xbf][\\x80-\\xbf]?)?',
  '\\xf4(?:[\\x80-\\x8f][\\x80-\\xbf]?)?',
].join('|');
const UTF8 = new RegExp(`^(?:${WELL_FORMED})*(?:${BEGUN})?`);
const VERB = /^[ \t\r\n]*([A-Za-z0-9_]{1,31})[ \t\r\n]*$/;

/** Reads `stream`, a character a byte. */
export function readReference(stream: string, limit: number, maxArgs: number): Reading {
  const findings: Finding[] = [];
  let at = 0;
  let inRun = false;
  for (;;) {
    at += leading(stream.slice(at), /^[ \t\r\n]*/);
    if (at === stream.length) return { findings, held: 0 };
    if (stream[at] !== '<') {
      findings.push({ verb: '*', offset: at, next: at + 1 });
      at += leading(stream.slice(at), /^(?:\\.?|[^\\<])*/s);
      inRun = true;
      continue;
    }
    const rest = stream.slice(at);
    const inside = leading(rest.slice(1), /^(?:\\.|[^\\<>])*/s);
    const closing = rest[inside + 1];
    const size = closing === '>' ? inside + 2 : closing === '<' ? inside + 1 : rest.length;
    if (size > limit) return { findings: [...findings, { tooLong: true }], held: 0 };
    if (closing !== '>' && closing !== '<') return { findings, held: size };
    const body = rest.slice(1, inside + 1);
    const next = at + size;
    if (closing === '<' && inRun && /^[ \t\r\n]*$/.test(body)) {
      at = next;
      continue;
    }
    const fields = body.match(/(?:^|,)(?:\\.|[^\\,])*/gs) ?? [''];
    const name = VERB.exec(fields[0] as string)?.[1]?.toUpperCase();
    const fault = firstFault(body, closing, fields, maxArgs);
    if (fault === undefined) findings.push({ verb: name as string, args: fields.slice(1).map(argument), next });
    else findings.push({ verb: fields.length > 1 && name !== undefined ? name : '*', offset: at + 1 + fault, next });
    inRun = closing === '<';
    at = next;
  }
}

/** The offset in `body` + `closing` of the first byte that is wrong. */
function firstFault(body: string, closing: string, fields: readonly string[], maxArgs: number): number | undefined {
  const faults: number[] = [];
  if (closing === '<') faults.push(body.length);
  if (body.includes('\0')) faults.push(body.indexOf('\0'));
  const encoded = leading(body + closing, UTF8);
  if (encoded < body.length + 1) faults.push(encoded);
  if (fields.length - 1 > maxArgs) faults.push(fields.slice(0, maxArgs + 1).join('').length);
  const verb = fields[0] as string;
  if (!VERB.test(verb)) {
    const word = leading(verb, /^[ \t\r\n]*[A-Za-z0-9_]{1,31}/);
    faults.push(word === 0 ? leading(verb, /^[ \t\r\n]*/) : word + leading(verb.slice(word), /^[ \t\r\n]*/));
  }
  return faults.length === 0 ? undefined : Math.min(...faults);
}

/** What a field (with the comma in front of it) says. */
function argument(field: string): string {
  const trimmed = /^,[ \t\r\n]*((?:\\.|[^\\])*?)[ \t\r\n]*$/s.exec(field)?.[1] as string;
  return Buffer.from(trimmed.replace(/\\(.)/gs, '$1'), 'latin1').toString('utf8');
}

function leading(text: string, pattern: RegExp): number {
  return pattern.exec(text)?.[0].length ?? 0;
}
