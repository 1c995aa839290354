// Source: a TypeScript text taken apart just far enough for the house rules: code without comments and strings, and
// the modules it imports. A hand-written walk over characters, because rules need positions and no syntax tree.
// Offsets and line breaks stay as they are, blanked parts become spaces. It refuses nothing: what it cannot tell
// apart (a regular expression behind a closing bracket) it takes for division.

export interface Import {
  readonly specifier: string;
  readonly line: number;
}

export interface Source {
  readonly text: string;
  /** The text with every comment, string, template text and regular expression blanked. */
  readonly code: string;
  /** What is imported or exported from elsewhere, types too. */
  readonly imports: readonly Import[];
}

export function readSource(text: string): Source {
  const code = blank(text);
  return { text, code, imports: findImports(text, code) };
}

/** The 1-based line of an offset. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}

function findImports(text: string, code: string): Import[] {
  const imports: Import[] = [];
  // In `code` a string is its two quotes with spaces between them.
  for (const match of code.matchAll(/\b(?:from|import|require)\s*\(?\s*(['"`])( *)\1/g)) {
    const end = match.index + match[0].length - 1;
    const start = end - (match[2] as string).length;
    imports.push({ specifier: text.slice(start, end), line: lineAt(text, match.index) });
  }
  return imports;
}

function blank(text: string): string {
  const out = text.split('');
  const wipe = (from: number, to: number): void => {
    for (let i = from; i < to && i < out.length; i++) if (out[i] !== '\n') out[i] = ' ';
  };
  // Depth of braces at which each open `${` of a template closes.
  const templates: number[] = [];
  let depth = 0;
  let at = 0;
  const walkTemplate = (from: number): number => {
    const end = templateEnd(text, from);
    wipe(from, end);
    if (text.startsWith('${', end)) {
      templates.push(depth++);
      return end + 2;
    }
    return end + 1;
  };
  while (at < text.length) {
    const char = text[at] as string;
    const end = quietEnd(text, at, char);
    if (end > at) {
      const quoted = char === '"' || char === "'";
      wipe(quoted ? at + 1 : at, quoted ? end - 1 : end);
      at = end;
    } else if (char === '`') {
      at = walkTemplate(at + 1);
    } else if (char === '}' && templates.at(-1) === depth - 1) {
      templates.pop();
      depth--;
      at = walkTemplate(at + 1);
    } else {
      if (char === '{') depth++;
      if (char === '}') depth--;
      at++;
    }
  }
  return out.join('');
}

/** Where the comment, quoted string or regular expression at `at` ends; `at` when there is none. */
function quietEnd(text: string, at: number, char: string): number {
  if (char === '"' || char === "'") return closing(text, at + 1, char);
  if (char !== '/') return at;
  if (text[at + 1] === '/') return orEnd(text, text.indexOf('\n', at));
  if (text[at + 1] === '*') return orEnd(text, text.indexOf('*/', at + 2)) + 2;
  const before = text.slice(0, at).trimEnd();
  const isDivision = /[\w$)\]}]$/.test(before) && !/\b(return|case|typeof|of|in)$/.test(before);
  return isDivision ? at : closing(text, at + 1, '/');
}

/** Where the text of a template ends: at its closing quote or at `${`. */
function templateEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== '`' && !text.startsWith('${', at)) at += text[at] === '\\' ? 2 : 1;
  return at;
}

function closing(text: string, from: number, quote: string): number {
  let inClass = false;
  for (let at = from; at < text.length; at++) {
    const char = text[at];
    if (char === '\\') at++;
    else if (char === '\n') return at;
    else if (quote === '/' && char === '[') inClass = true;
    else if (quote === '/' && char === ']') inClass = false;
    else if (char === quote && !inClass) return at + 1;
  }
  return text.length;
}

function orEnd(text: string, at: number): number {
  return at === -1 ? text.length : at;
}
