// Text from outside, made safe to show in a log or on a terminal: what a terminal would obey or what would turn the
// line's direction (control characters, bidi marks, line separators, lone surrogates) is written as \u{…}, and nothing
// is longer than asked. The text stays readable and says what was there; it is never silently changed into other words.

// C0, DEL, C1; soft hyphen, Arabic letter mark; zero-width and direction marks; separators, embeddings, isolates;
// byte order mark, interlinear marks; tags. Lone surrogates come as \p{Cs}.
const UNSAFE =
  /[\p{Cc}\p{Cs}\u{ad}\u{61c}\u{180e}\u{200b}-\u{200f}\u{2028}-\u{202e}\u{2060}-\u{206f}\u{feff}\u{fff9}-\u{fffb}\u{e0000}-\u{e007f}]/gu;

const escapeOne = (character: string): string => `\\u{${character.codePointAt(0)!.toString(16)}}`;

/** `text` with everything unsafe escaped; what is behind the first `most` characters is left away, and said. */
export function visible(text: string, most = 1024): string {
  if (text.length <= most) return text.replace(UNSAFE, escapeOne);
  return `${text.slice(0, most).replace(UNSAFE, escapeOne)}…(+${text.length - most})`;
}
