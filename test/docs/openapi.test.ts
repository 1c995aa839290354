// docs/openapi.json against the source: it describes every path that there is, and no other, and its schemas are ones.

import { describe, expect, test } from 'bun:test';
import type { Schema } from '@cfworker/json-schema';
import type { Edge } from '../../src/net/edge.ts';
import { Api } from '../../src/ops/http/api.ts';
import { ApiTokens } from '../../src/ops/http/api-token.ts';
import type { Metrics } from '../../src/ops/http/metrics.ts';
import { watchingRoutes } from '../../src/ops/http/operator-http.ts';
import { createLog } from '../../src/ops/log/log.ts';
import { LogEvents } from '../../src/ops/log/log-events.ts';
import { DOCUMENT, violations } from '../support/openapi.ts';

const SILENT = createLog({
  ...{ format: 'json', colour: false, level: 'error', now: () => 0 },
  sink: { write: () => {}, flush: async () => true },
});

/** Every route of a server, as `METHOD path`. */
function routes(): string[] {
  const edge = { ask: (look: (node: unknown, now: number) => unknown) => look({}, 0) } as unknown as Edge;
  using api = new Api(edge, new ApiTokens([]), new LogEvents(SILENT));
  const watching = watchingRoutes(() => ({ ready: true }), { contentType: '' } as Metrics);
  return [...watching, ...api.routes].map(({ method, path }) => `${method} ${path}`).sort();
}

function operations(): string[] {
  return Object.entries(DOCUMENT.paths)
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`))
    .sort();
}

describe('docs/openapi.json', () => {
  test('is OpenAPI 3.1', () => expect(DOCUMENT.openapi).toStartWith('3.1.'));

  test('has every path that there is, and no other', () => expect(operations()).toEqual(routes()));

  test('names the parameters that stand in its paths', () => {
    for (const [path, methods] of Object.entries(DOCUMENT.paths)) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string);
      for (const { parameters = [] } of Object.values(methods)) {
        expect(parameters.filter((each) => each.in === 'path').map(({ name }) => name)).toEqual(inPath);
      }
    }
  });

  test('refers to what is there, and uses all of it', () => {
    const text = JSON.stringify(DOCUMENT);
    const wanted = new Set(
      [...text.matchAll(/"\$ref":"#\/components\/(\w+\/\w+)"/g)].map(([, name]) => name as string),
    );
    const there = ['schemas', 'responses'].flatMap((kind) =>
      Object.keys((DOCUMENT.components as unknown as Record<string, object>)[kind] ?? {}).map(
        (name) => `${kind}/${name}`,
      ),
    );
    expect([...wanted].sort()).toEqual(there.sort());
  });

  test('the check finds what does not fit', () => {
    const room = { $ref: '#/components/schemas/Room' } as Schema;
    const good = { name: 'dev', members: 1, here: 1, epoch: 'a.1', next: 1, rate: 0.5, behind: 0 };
    expect(violations(room, good)).toEqual([]);
    for (const bad of [{ ...good, members: -1 }, { ...good, more: 1 }, { ...good, name: 7 }, {}]) {
      expect(violations(room, bad).length).toBeGreaterThan(0);
    }
  });
});
