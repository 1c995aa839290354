// Examples: the fenced blocks of a document that are conversations with a server, read into steps. This file opens no
// connection; stage.ts plays the steps.
//
//   given ann, bob in dev; server --ttl-ms 100ms     what was done before
//   ann> <CSEND,hi>                                  ann sends a line, or does (what the words say)
//   bob< <CMSG,dev,{epoch},{seq},ann,{time},hi>      the next frame that bob gets
//   bob< …                                           any number of frames
//   # words                                          for the reader

export interface Step {
  /** Line in the document, from 1. */
  readonly line: number;
  readonly who: string;
  readonly does: 'send' | 'act' | 'get' | 'skip' | 'close';
  readonly text: string;
}

export interface Party {
  readonly names: readonly string[];
  /** The room that they are in, '' for none. */
  readonly room: string;
}

export interface Example {
  readonly line: number;
  /** The heading above it. */
  readonly title: string;
  readonly parties: readonly Party[];
  readonly flags: readonly string[];
  /** Name and password of an operator, and the grants that are not all. */
  readonly operator: readonly [name: string, password: string, grants: string] | undefined;
  readonly steps: readonly Step[];
}

const FENCE = '```chorus';
const STEP = /^([a-z]+)([<>]) (.+)$/;
const PARTY = /^([a-z]+(?:, [a-z]+)*)(?: in (\S+)| registered)$/;
const OPERATOR = /^operator (\S+), password (\S+?)(?:, may (\S+))?$/;

/** Every example of a document, in order. Throws where a line is none that an example may have. */
export function readExamples(text: string): Example[] {
  const lines = text.split('\n');
  const found: Example[] = [];
  let title = '';
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] as string;
    if (line.startsWith('#')) title = line.replace(/^#+ /, '');
    if (line !== FENCE) continue;
    const end = lines.indexOf('```', i);
    if (end < 0) throw new Error(`line ${i + 1}: a block without an end`);
    found.push(readExample(lines.slice(i + 1, end), i + 2, title));
    i = end;
  }
  return found;
}

function readExample(lines: readonly string[], first: number, title: string): Example {
  const steps: Step[] = [];
  const parties: Party[] = [];
  const flags: string[] = [];
  let operator: Example['operator'];
  for (const [i, line] of lines.entries()) {
    if (line === '' || line.startsWith('#')) continue;
    if (!line.startsWith('given ')) {
      steps.push(readStep(line, first + i));
      continue;
    }
    for (const clause of line.slice('given '.length).split('; ')) {
      const party = PARTY.exec(clause);
      const account = OPERATOR.exec(clause);
      if (party !== null) parties.push({ names: (party[1] as string).split(', '), room: party[2] ?? '' });
      else if (account !== null) operator = [account[1] as string, account[2] as string, account[3] ?? ''];
      else if (clause.startsWith('server --')) flags.push(...clause.split(' ').slice(1));
      else throw new Error(`line ${first + i}: not something given: ${clause}`);
    }
  }
  return { line: first - 1, title, parties, flags, operator, steps };
}

function readStep(text: string, line: number): Step {
  const match = STEP.exec(text);
  if (match === null) throw new Error(`line ${line}: not a line of an example: ${text}`);
  const [, who, way, rest] = match as unknown as [string, string, string, string];
  const inParentheses = /^\((.+)\)$/.exec(rest)?.[1];
  if (way === '>') {
    return { line, who, does: inParentheses === undefined ? 'send' : 'act', text: inParentheses ?? rest };
  }
  if (rest === '…') return { line, who, does: 'skip', text: '' };
  if (inParentheses === 'the connection closes') return { line, who, does: 'close', text: '' };
  if (!/^<[A-Z_]+(?:[,…].*)?>$/.test(rest)) throw new Error(`line ${line}: not one frame: ${rest}`);
  return { line, who, does: 'get', text: rest };
}

/** The verbs of the frames in a text, in upper case. */
export function verbsOf(text: string): string[] {
  return [...text.matchAll(/(?<!\\)<\s*([A-Za-z0-9_]+)\s*[,>…]/g)].map((match) => (match[1] as string).toUpperCase());
}

const ESCAPED = /[.*+?^$()|[\]\\]/g;
/** What a placeholder may stand for: a part of one argument. */
const VALUE = String.raw`((?:\\.|[^,<>\\])+?)`;

/**
 * Whether `line` is what `pattern` says: `…` for anything, `{name}` for the value that `bound` has, or that is bound
 * now. Nothing is bound when it does not match.
 */
export function matches(pattern: string, line: string, bound: Map<string, string>): boolean {
  const names: string[] = [];
  const parts = pattern.split(/(\{[a-z0-9]+\}|…)/).map((part) => {
    if (part === '…') return '.*?';
    const name = /^\{([a-z0-9]+)\}$/.exec(part)?.[1];
    if (name === undefined) return part.replace(ESCAPED, '\\$&');
    const value = bound.get(name);
    if (value !== undefined) return value.replace(ESCAPED, '\\$&');
    if (names.includes(name)) return `\\${names.indexOf(name) + 1}`;
    names.push(name);
    return VALUE;
  });
  const match = new RegExp(`^${parts.join('')}$`, 's').exec(line);
  if (match === null) return false;
  for (const [i, name] of names.entries()) bound.set(name, match[i + 1] as string);
  return true;
}

/** A text to be sent with its placeholders filled; throws when one is not bound. */
export function fill(text: string, bound: ReadonlyMap<string, string>): string {
  return text.replace(/\{([a-z0-9]+)\}/g, (_all, name: string) => {
    const value = bound.get(name);
    if (value === undefined) throw new Error(`{${name}} is sent before it is known`);
    return value;
  });
}
