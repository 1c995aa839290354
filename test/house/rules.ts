// The house rules: what no compiler and no linter checks here. Each rule takes the files and returns violations as
// lines of text (`path:line: what is wrong`); no violation, no lines. Rules read text that is handed to them and
// touch no file themselves, so that each can be shown a planted violation.

import { dirname, join } from 'node:path/posix';
import { headings, links, strayRows } from './markdown.ts';
import { lineAt, readSource } from './source.ts';

/** The texts of the project by path, relative to its root, with `/` between folders. */
export type Files = ReadonlyMap<string, string>;
export type Rule = (files: Files) => string[];

const BELOW_NODE = ['base', 'wire', 'chat', 'order', 'mesh', 'fanout'];

/** What each layer may import beside itself: base ← wire ← {chat, order, mesh, fanout} ← node ← net ← ops. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  wire: ['base'],
  chat: ['base', 'wire'],
  order: ['base', 'wire'],
  mesh: ['base', 'wire'],
  fanout: ['base', 'wire'],
  node: BELOW_NODE,
  net: [...BELOW_NODE, 'node'],
  ops: [...BELOW_NODE, 'node', 'net'],
  client: ['base', 'wire'],
  pages: ['base', 'wire', 'client'],
  cli: [...BELOW_NODE, 'node', 'net', 'ops', 'client', 'pages'],
  main: [...BELOW_NODE, 'node', 'net', 'ops', 'client', 'pages', 'cli'],
  chorus: ['ops', 'cli', 'main'],
};

/** The folders without clock, timers, chance, sockets or runtime; of the client all but its transports. */
export const PURE = [...BELOW_NODE, 'node', 'client'];
const TRANSPORT = 'src/client/transport/';
/** The rings of the client, each of which knows those before it: core ← transport ← sdk. */
const RINGS = ['core', 'transport', 'sdk'];
/** Looks for the runtime's byte methods through globalThis, on purpose and with a fallback. */
const MAY_SEE_GLOBALS = 'src/base/bytes.ts';

const MOST_LINES = 500;
const LEAST_OPENING = 40;

/** Imports go down the layers only; a pure file imports no package at all. */
export const importDirection: Rule = (files) => {
  const found: string[] = [];
  const dependencies = runTimeDependencies(files);
  for (const [path, text] of sources(files, 'src/')) {
    const layer = layerOf(path);
    const allowed = LAYERS[layer];
    if (allowed === undefined) {
      found.push(`${path}:1: there is no layer ${layer}`);
      continue;
    }
    for (const { specifier, line } of readSource(text).imports) {
      const wrong = specifier.startsWith('.')
        ? wrongFile(path, layer, allowed, join(dirname(path), specifier))
        : wrongPackage(path, specifier, dependencies);
      if (wrong !== undefined) found.push(`${path}:${line}: ${wrong}`);
    }
  }
  return found;
};

function wrongFile(path: string, layer: string, allowed: readonly string[], target: string): string | undefined {
  // The version of what runs stands in the manifest; only the edge may look there.
  if (target === 'package.json' && !isPure(path)) return undefined;
  if (!target.startsWith('src/')) return `src imports ${target}`;
  const into = layerOf(target);
  if (into !== layer) return allowed.includes(into) ? undefined : `${layer} imports ${into}`;
  const [from, to] = [ringOf(path), ringOf(target)];
  return to > from ? `the ${RINGS[from]} of the client imports its ${RINGS[to]}` : undefined;
}

/** The number of the ring that a file of the client stands in; 0 for every other file. */
function ringOf(path: string): number {
  return Math.max(0, RINGS.indexOf(/^src\/client\/(\w+)\//.exec(path)?.[1] ?? ''));
}

function wrongPackage(path: string, specifier: string, dependencies: readonly string[]): string | undefined {
  if (isPure(path)) return `a pure file imports ${specifier}`;
  if (specifier === 'bun' || /^(bun|node):/.test(specifier)) return undefined;
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  return dependencies.includes(name) ? undefined : `${name} is no run-time dependency`;
}

const IMPURE = [
  /(?<![.\w$#])Date\s*\.\s*now\b/g,
  /(?<![.\w$#])new\s+Date\s*(?:\(\s*\)|(?!\s*\())/g,
  /(?<![.\w$#]|new\s)Date\s*\(/g,
  /(?<![.\w$#])Math\s*\.\s*random\b/g,
  /(?<![.\w$#])(?:setTimeout|setInterval|setImmediate|clearTimeout|clearInterval|queueMicrotask)\b/g,
  // A name followed by a colon is a property or a parameter of that name; the types see to the rest.
  /(?<![.\w$#])(?:performance|crypto|Bun|process|console|Buffer|globalThis)\b(?!\s*\??:)/g,
  /\bimport\s*\.\s*meta\b/g,
];

/** Pure files name no clock, timer, chance or runtime. */
export const purity: Rule = (files) => {
  const found: string[] = [];
  for (const [path, text] of sources(files, 'src/')) {
    if (!isPure(path) || path === MAY_SEE_GLOBALS) continue;
    const { code } = readSource(text);
    for (const pattern of IMPURE) {
      for (const match of code.matchAll(pattern)) {
        found.push(`${path}:${lineAt(code, match.index)}: a pure file uses ${match[0].trim()}`);
      }
    }
  }
  return found;
};

/** Every source file opens with a comment that says something. */
export const openingComment: Rule = (files) => {
  const found: string[] = [];
  for (const [path, text] of sources(files, 'src/')) {
    const opening = /^(?:#!.*\n)?((?:\/\/.*\n)+|\/\*[\s\S]*?\*\/)/.exec(text)?.[1] ?? '';
    if (opening.length < LEAST_OPENING) found.push(`${path}:1: does not open with a comment on what the file is`);
  }
  return found;
};

/** No source file is so long that nobody reads it. */
export const fileLength: Rule = (files) => {
  const found: string[] = [];
  for (const [path, text] of sources(files, 'src/')) {
    const lines = text.split('\n').length - 1;
    if (lines > MOST_LINES) found.push(`${path}:${MOST_LINES}: has ${lines} lines, more than ${MOST_LINES}`);
  }
  return found;
};

// Written with brackets so that this file does not hold what it looks for.
const FORBIDDEN = [
  /\.\.\/shar[e]d\b/g,
  /(?<![\w.:/-])\/wor[k]\//g,
  /\b(?:registry\.)?(?:npmj[s]|yarnpk[g])\.(?:com|org)\b/g,
];

/** Nothing names the machine that it was written on, or the host of a package registry. */
export const forbiddenWords: Rule = (files) => scan(files, () => true, FORBIDDEN, 'must not stand here');

const MARKS = [
  /\b(?:TO[D]O|FIXM[E]|XX[X])\b/g,
  /@ts-(?:ignor[e]|nochec[k])\b/g,
  /\bbiome-ignor[e]\b/g,
  /\b(?:test|it|describe)(?:\.\w+)*\.(?:onl[y]|ski[p]|tod[o])\b\s*\(/g,
];
const EXPECTED_ERROR = [/@ts-expect-erro[r]\b/g];

/** Nothing unfinished, silenced or left out; that something does not compile may be shown in tests alone. */
export const marks: Rule = (files) => [
  ...scan(files, isSource, MARKS, 'is a mark of something unfinished'),
  ...scan(files, (path) => path.startsWith('src/'), EXPECTED_ERROR, 'belongs into a test'),
];

const NESTED_LOOPS = /\.\s*(?:rejects|resolves)\b/g;

/** No test has a promise waited for by running the event loop from inside: see test/support/rejection.ts. */
export const nestedLoops: Rule = (files) => {
  const found: string[] = [];
  for (const [path, text] of sources(files, 'test/')) {
    const { code } = readSource(text);
    for (const { 0: words, index } of code.matchAll(NESTED_LOOPS)) {
      found.push(`${path}:${lineAt(code, index)}: ${words} runs the event loop from inside`);
    }
  }
  return found;
};

/** Every relative link of the documents leads to a file, and to a heading of it where it names one. */
export const documentLinks: Rule = (files) => {
  const found: string[] = [];
  for (const [path, text] of files) {
    if (!path.endsWith('.md')) continue;
    for (const { target, line } of links(text)) {
      if (/^[a-z][a-z0-9+.-]*:/i.test(target)) continue;
      const [file = '', anchor] = target.split('#', 2);
      const to = file === '' ? path : join(dirname(path), decodeURI(file)).replace(/\/$/, '');
      const isFolder = to === '.' || [...files.keys()].some((known) => known.startsWith(`${to}/`));
      if (!files.has(to) && !isFolder) found.push(`${path}:${line}: ${target} leads nowhere`);
      else if (anchor && to.endsWith('.md') && !headings(files.get(to) ?? '').has(anchor)) {
        found.push(`${path}:${line}: ${target} names no heading`);
      }
    }
  }
  return found;
};

/** Rows of a table stand under its head, and have as many cells: others are shown as they are written. */
export const documentTables: Rule = (files) =>
  [...files]
    .filter(([path]) => path.endsWith('.md'))
    .flatMap(([path, text]) => strayRows(text).map((line) => `${path}:${line}: is a row of no table`));

const DECISION = /^docs\/decisions\/(\d{3})-[a-z0-9-]+\.md$/;

/** Decisions are numbered from 1 on, each by a number of its own, which its title has too. */
export const decisionNumbers: Rule = (files) => {
  const decisions = [...files].filter(([path]) => path.startsWith('docs/decisions/')).sort();
  return decisions.flatMap(([path, text], i) => {
    const number = DECISION.exec(path)?.[1];
    if (Number(number) !== i + 1) return [`${path}:1: is not number ${i + 1}`];
    return text.startsWith(`# ${i + 1}. `) ? [] : [`${path}:1: does not begin with "# ${i + 1}. "`];
  });
};

export const RULES: Readonly<Record<string, Rule>> = {
  'imports go down the layers': importDirection,
  'pure folders know no clock, chance or runtime': purity,
  'source files open with a comment': openingComment,
  'source files stay short': fileLength,
  'no forbidden words': forbiddenWords,
  'no marks of unfinished work': marks,
  'no promise is waited for from inside the event loop': nestedLoops,
  'links in documents resolve': documentLinks,
  'rows in documents belong to tables': documentTables,
  'decisions have numbers of their own': decisionNumbers,
};

function scan(files: Files, wanted: (path: string) => boolean, patterns: readonly RegExp[], why: string): string[] {
  const found: string[] = [];
  for (const [path, text] of files) {
    if (!wanted(path)) continue;
    for (const pattern of patterns) {
      for (const match of text.matchAll(pattern)) {
        found.push(`${path}:${lineAt(text, match.index)}: ${match[0].trim()} ${why}`);
      }
    }
  }
  return found;
}

function* sources(files: Files, prefix: string): Generator<[string, string]> {
  for (const [path, text] of files) if (path.startsWith(prefix) && isSource(path)) yield [path, text];
}

function isSource(path: string): boolean {
  return /\.(?:ts|tsx|mts|js)$/.test(path);
}

function isPure(path: string): boolean {
  return path.startsWith('src/') && PURE.includes(layerOf(path)) && !path.startsWith(TRANSPORT);
}

/** The layer of a path in src: its first folder, or the name of a file that stands in src itself. */
function layerOf(path: string): string {
  return (path.split('/')[1] ?? '').replace(/\.ts$/, '');
}

function runTimeDependencies(files: Files): readonly string[] {
  const manifest = JSON.parse(files.get('package.json') ?? '{}') as { dependencies?: Record<string, string> };
  return Object.keys(manifest.dependencies ?? {});
}
