// Markdown: the links, headings and tables of a document, code left out. No renderer: only what the rules need.

export interface Link {
  readonly target: string;
  readonly line: number;
}

/** Every `[text](target)`, `![text](target)` and `[label]: target` outside of code. */
export function links(text: string): Link[] {
  const found: Link[] = [];
  for (const [index, line] of prose(text).entries()) {
    const words = line.replace(/`[^`]*`/g, '');
    for (const match of words.matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\s*\[[^\]]+\]:\s*<?([^\s>]+)/g)) {
      found.push({ target: (match[1] ?? match[2]) as string, line: index + 1 });
    }
  }
  return found;
}

/** The anchors of a document's headings, made as GitHub makes them. */
export function headings(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const line of prose(text)) {
    const title = /^#{1,6}\s+(.*?)\s*#*$/.exec(line)?.[1];
    if (title === undefined) continue;
    const plain = title.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = plain.replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-');
    let unique = anchor;
    for (let count = 1; anchors.has(unique); count++) unique = `${anchor}-${count}`;
    anchors.add(unique);
  }
  return anchors;
}

/** The lines that look like rows of a table and are in none: its head is missing, or another number of cells is in it. */
export function strayRows(text: string): number[] {
  const lines = prose(text);
  const stray: number[] = [];
  let head = 0;
  for (const [index, line] of lines.entries()) {
    const cells = cellCount(line);
    if (head === 0 && /^\|[-| :]+\|$/.test(lines[index + 1] ?? '')) head = cells;
    else if (cells === 0) head = 0;
    if (cells !== head) stray.push(index + 1);
  }
  return stray;
}

/** The cells of a row; 0 when a line is none. */
function cellCount(line: string): number {
  return line.startsWith('|') ? line.replaceAll('\\|', '').split('|').length - 2 : 0;
}

/** The lines, those inside fenced code emptied. */
function prose(text: string): string[] {
  let fence = '';
  return text.split('\n').map((line) => {
    const mark = /^\s*(`{3,}|~{3,})/.exec(line)?.[1] ?? '';
    if (fence === '' && mark !== '') fence = mark;
    else if (fence !== '' && mark.startsWith(fence)) fence = '';
    else return fence === '' ? line : '';
    return '';
  });
}
