// The examples of the SDK: what stands behind @example in the comments of everything that the package exports, and of every
// member of its classes. This file reads; it runs nothing.

import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const CLIENT = resolve(import.meta.dir, '../../../src/client');
const COMMENT = String.raw`/\*\*((?:(?!\*/)[^])*)\*/\s*`;

export interface Documented {
  /** `connect`, `Room`, `Room.send`. */
  readonly name: string;
  /** '' where there is none. */
  readonly example: string;
}

/** Everything public, in the order of the package's entry. */
export function documented(): Documented[] {
  const sources = [...new Bun.Glob('**/*.ts').scanSync(CLIENT)].map((path) => readFileSync(join(CLIENT, path), 'utf8'));
  return exportedNames().flatMap((name) => {
    const declared = new RegExp(String.raw`(?:${COMMENT})?^export (?:type|interface|class|function) ${name}\b`, 'm');
    // The entry of every runtime has its own connect; the one of web.ts is told to people.
    const source = sources.find((text) => (declared.exec(text)?.[1] ?? '').includes('@example')) ?? '';
    const comment = declared.exec(source)?.[1] ?? '';
    return [{ name, example: exampleIn(comment) }, ...members(name, source)];
  });
}

/** The names that web.ts exports. */
export function exportedNames(): string[] {
  const text = readFileSync(join(CLIENT, 'sdk/web.ts'), 'utf8');
  const lists = [...text.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, list = '']) => list.split(','));
  const own = [...text.matchAll(/^export function (\w+)/gm)].map(([, name = '']) => name);
  return [...lists.map((name) => name.trim()).filter(Boolean), ...own];
}

/** The public members of a class, but for its constructor and what is marked as internal. */
function members(name: string, source: string): Documented[] {
  const start = source.indexOf(`export class ${name} `);
  if (start < 0 || name === 'ClientError') return [];
  const body = source.slice(start, source.indexOf('\n}\n', start));
  const member = new RegExp(String.raw`(?:  ${COMMENT})?^  (?:async )?\*?(?:get )?(\w+|\[Symbol\.\w+\])[(<]`, 'gm');
  return [...body.matchAll(member)]
    .map(([, comment = '', called = '']) => ({ called, comment }))
    .filter(({ called, comment }) => called !== 'constructor' && !comment.includes('@internal'))
    .map(({ called, comment }) => ({ name: `${name}.${called}`, example: exampleIn(comment) }));
}

function exampleIn(comment: string): string {
  const at = comment.indexOf('@example');
  if (at < 0) return '';
  return comment
    .slice(at + '@example'.length)
    .replace(/^ *\* ?/gm, '')
    .trim();
}
