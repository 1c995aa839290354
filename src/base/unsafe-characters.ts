// The characters of other people's texts that must not reach a terminal or a log as they are, in one place: whoever
// shows such texts takes them out, or writes them so that they can be seen. It changes no text itself.

/**
 * Inside of a character class with the flag u: control characters (C0, DEL, C1); soft hyphen; marks and embeddings that
 * turn the direction of text; zero width; line and paragraph separators; byte order mark; interlinear marks; tags. Not
 * in it are the joiners U+200C and U+200D, which scripts and emoji need, and lone surrogates.
 */
export const UNSAFE_CHARACTERS = String.raw`\p{Cc}\u{ad}\u{61c}\u{180e}\u{200b}\u{200e}\u{200f}\u{2028}-\u{202e}\u{2060}-\u{206f}\u{feff}\u{fff9}-\u{fffb}\u{e0000}-\u{e007f}`;
