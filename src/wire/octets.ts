// Octets: the bytes that mean something in a frame, and two 256-entry tables which sort every byte into a class.
// One lookup a byte is the whole cost of reading; whoever reads or writes frames takes the classes from here.

export const HTAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const COMMA = 0x2c;
export const LESS = 0x3c;
export const GREATER = 0x3e;
export const BACKSLASH = 0x5c;

/** Classes of a byte inside an argument. White space is plain there: only the ends of an argument care. */
export const PLAIN = 0;
export const ENDS_ARG = 1;
export const ENDS_FRAME = 2;
export const ESCAPES = 3;
export const HIGH = 4;
export const OPENS_FRAME = 5;
export const NIL = 6;

/** Classes of a byte where a verb may stand. */
export const OTHER = 0;
export const WORD = 1;
export const OWS = 2;

/** Longest verb, in bytes. */
export const MAX_VERB = 31;

/** Byte → its class inside an argument. */
export const ARG_CLASS = argClasses();

/** Byte → its class where a verb may stand; OWS tells white space anywhere. */
export const VERB_CLASS = verbClasses();

function argClasses(): Uint8Array {
  const table = new Uint8Array(256).fill(HIGH, 0x80);
  table[0] = NIL;
  table[COMMA] = ENDS_ARG;
  table[LESS] = OPENS_FRAME;
  table[GREATER] = ENDS_FRAME;
  table[BACKSLASH] = ESCAPES;
  return table;
}

function verbClasses(): Uint8Array {
  const table = new Uint8Array(256);
  for (const byte of [SP, HTAB, CR, LF]) table[byte] = OWS;
  for (const char of '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz') {
    table[char.charCodeAt(0)] = WORD;
  }
  return table;
}
