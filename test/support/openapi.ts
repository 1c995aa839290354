// The contract of the HTTP API for tests: calls a server, and holds every answer to what docs/openapi.json says of that
// path, method and status. What is not documented fails.

import { expect } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Schema, Validator } from '@cfworker/json-schema';

interface Content {
  readonly [type: string]: { readonly schema: Schema };
}
interface Answer {
  readonly $ref?: string;
  readonly description?: string;
  readonly content?: Content;
}
export interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, Answer>>;
}
interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

export const DOCUMENT = JSON.parse(
  readFileSync(join(import.meta.dir, '..', '..', 'docs', 'openapi.json'), 'utf8'),
) as Document;

/** What a JSON pointer into the document, `#/a/b`, leads to. */
function at(pointer: string): unknown {
  const keys = pointer.split('/').slice(1);
  return keys.reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], DOCUMENT);
}

/** What is wrong with a value by a schema of the document; nothing when it fits. */
export function violations(schema: Schema, value: unknown): readonly string[] {
  // References lead into the components, so these are a part of each schema that is checked.
  const whole = { ...schema, components: DOCUMENT.components } as Schema;
  const { errors } = new Validator(whole, '2020-12', false).validate(value);
  return errors.map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`);
}

/** A JSON value that a test looks into. */
export type Body = ReturnType<typeof JSON.parse>;

export class Contract {
  /** `METHOD path status` of every answer. */
  readonly seen = new Set<string>();
  readonly #base: string;
  readonly #token: string | undefined;

  /** `base` as in `127.0.0.1:7480`; no `token`: none is brought. */
  constructor(base: string, token?: string) {
    this.#base = base;
    this.#token = token;
  }

  get(path: string): Promise<{ status: number; body: Body }> {
    return this.#call('GET', path, {});
  }

  post(path: string, body: unknown): Promise<{ status: number; body: Body }> {
    return this.#call('POST', path, { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
  }

  /** Whoever brings another token, on the same paths. */
  as(token: string | undefined): Contract {
    return new Contract(this.#base, token);
  }

  async #call(method: string, path: string, init: RequestInit): Promise<{ status: number; body: Body }> {
    const headers = { ...init.headers, ...(this.#token && { authorization: `Bearer ${this.#token}` }) };
    const response = await fetch(`http://${this.#base}${path}`, { ...init, method, headers });
    const text = await response.text();
    const type = response.headers.get('content-type') ?? '';
    const body: unknown = /json/.test(type) ? JSON.parse(text) : text;
    this.#check(method, path, response.status, type.split(';')[0] as string, body);
    return { status: response.status, body };
  }

  #check(method: string, path: string, status: number, type: string, body: unknown): void {
    const plain = path.split('?')[0] as string;
    const template = Object.keys(DOCUMENT.paths).find((each) => fits(each, plain));
    const where = `${method} ${template ?? plain} ${status}`;
    this.seen.add(where);
    const operation = DOCUMENT.paths[template ?? '']?.[method.toLowerCase()];
    const told = operation?.responses[status];
    expect(told, `${where} is not documented: ${JSON.stringify(body)}`).toBeDefined();
    const answer = (told?.$ref === undefined ? told : at(told.$ref)) as Answer;
    const schema = answer.content?.[type]?.schema;
    expect(schema, `${where} is not documented as ${type}`).toBeDefined();
    expect(violations(schema as Schema, body), where).toEqual([]);
  }
}

function fits(template: string, path: string): boolean {
  return new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`).test(path);
}
