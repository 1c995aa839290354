// TOML with positions: what stands at the top of a document, each assignment and each value with its line and column.
// The parser is loaded with the first document, so that a server without one never pays for it. It knows no options.

import type { AST, ParseError } from 'toml-eslint-parser';
import type { TomlType } from './option-kinds.ts';

/** Where something begins; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface TomlValue {
  readonly type: TomlType | 'float' | 'date' | 'list' | 'table';
  /** A string's characters, an integer's digits, `on` or `off` for a boolean; else ''. */
  readonly text: string;
  /** What a list holds. */
  readonly items: readonly TomlValue[];
  readonly at: Position;
}

export interface Assignment {
  /** Dots between the parts of a dotted key. */
  readonly key: string;
  readonly at: Position;
  readonly value: TomlValue;
}

export type ReadToml =
  | { readonly assignments: readonly Assignment[] }
  | { readonly fault: string; readonly at: Position };

/** What the parser says when something is missing behind the last word that it read. */
const MISSING = /^Unspecified value|^Expected |must be on the same line$/;

/** Reads a document. A header such as [table] counts as the assignment of a table; what it holds is left away. */
export async function readToml(text: string): Promise<ReadToml> {
  const parser = await import('toml-eslint-parser');
  try {
    const [top] = parser.parseTOML(text, { tomlVersion: '1.0.0' }).body;
    return { assignments: top.body.map(assignmentOf) };
  } catch (error) {
    if (error instanceof parser.ParseError) return { fault: error.message, at: faultAt(text, error) };
    // The parser's own limits, such as the depth of its stack: no text may end a server that reads it.
    return { fault: String(error), at: { line: 1, column: 1 } };
  }
}

/** That something is missing is noticed where the next word stands: the mistake is behind the word before. */
function faultAt(text: string, { message, index, lineNumber, column }: ParseError): Position {
  if (!MISSING.test(message)) return { line: lineNumber, column: column + 1 };
  const lines = text.slice(0, index).trimEnd().split('\n');
  return { line: lines.length, column: (lines.at(-1) as string).length + 1 };
}

function assignmentOf(node: AST.TOMLKeyValue | AST.TOMLTable): Assignment {
  const key = node.key.keys.map((part) => (part.type === 'TOMLBare' ? part.name : part.value)).join('.');
  const at = positionOf(node.key);
  return {
    key,
    at,
    value: node.type === 'TOMLTable' ? { type: 'table', text: '', items: [], at } : readValue(node.value),
  };
}

function readValue(node: AST.TOMLContentNode): TomlValue {
  const value = { text: '', items: [], at: positionOf(node) };
  if (node.type === 'TOMLArray') return { ...value, type: 'list', items: node.elements.map(readValue) };
  if (node.type === 'TOMLInlineTable') return { ...value, type: 'table' };
  switch (node.kind) {
    case 'string':
      return { ...value, type: 'string', text: node.value };
    case 'integer':
      return { ...value, type: 'integer', text: String(node.bigint) };
    case 'boolean':
      return { ...value, type: 'boolean', text: node.value ? 'on' : 'off' };
    case 'float':
      return { ...value, type: 'float' };
    default:
      return { ...value, type: 'date' };
  }
}

function positionOf({ loc }: AST.HasLocs): Position {
  return { line: loc.start.line, column: loc.start.column + 1 };
}
