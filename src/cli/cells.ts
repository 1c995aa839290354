// Text in the cells of a terminal: what counts as one character there, how wide it is, and how a text is made to fit. It
// changes no character: who shows other people's words made them plain before.

/** A grapheme of more code points than the longest emoji has is somebody's joke, and is cut there. */
const MOST_POINTS = 16;
const SIMPLE = /^[ -~]*$/;
const SEGMENTER = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** The characters of `text` as people see them. */
export function graphemes(text: string): string[] {
  return SIMPLE.test(text) ? text.split('') : Array.from(SEGMENTER.segment(text), ({ segment }) => segment);
}

/** As much of one grapheme as is shown. */
export function shownGrapheme(grapheme: string): string {
  return grapheme.length <= MOST_POINTS ? grapheme : [...grapheme].slice(0, MOST_POINTS).join('');
}

/** Columns that `text` takes. */
export function widthOf(text: string): number {
  return Bun.stringWidth(text);
}

/** `text` in exactly `width` columns. */
export function cell(text: string, width: number, align: 'left' | 'right', { cut }: { readonly cut: string }): string {
  if (width <= 0) return '';
  const fitted = fit(text, width, cut);
  const gap = ' '.repeat(width - widthOf(fitted));
  return align === 'left' ? fitted + gap : gap + fitted;
}

/** As much of `text` as has a place in `width` columns, with `cut` behind it where that is not all. */
export function fit(text: string, width: number, cut: string): string {
  if (widthOf(text) <= width) return text;
  let fitted = '';
  let taken = widthOf(cut);
  for (const grapheme of graphemes(text)) {
    taken += widthOf(grapheme);
    if (taken > width) break;
    fitted += grapheme;
  }
  return width < widthOf(cut) ? '' : fitted + cut;
}
