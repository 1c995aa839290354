// Markdown: the links and the headings of a document, code left out. No renderer: only what the link rule needs.

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
