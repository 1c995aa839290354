// Answers over HTTP: JSON, text and problems (RFC 9457), each with the headers that keep a browser from making anything
// of it. A problem says what to do next.

import type { HttpAnswer } from '../../net/http.ts';

/** On every answer. There is nothing here for a page to load, frame, cache or guess the type of. */
export const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

const TITLES = {
  400: 'Bad request',
  401: 'Not authorized',
  403: 'Forbidden',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  413: 'Too large',
  415: 'Unsupported media type',
  421: 'Misdirected request',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Not available',
} as const;
export type ProblemStatus = keyof typeof TITLES;

export function text(status: number, words: string, type = 'text/plain; charset=utf-8'): HttpAnswer {
  return { status, headers: { ...SECURITY_HEADERS, 'content-type': type }, body: words };
}

export function json(status: number, value: unknown): HttpAnswer {
  return text(status, `${JSON.stringify(value)}\n`, 'application/json');
}

/** What went wrong, in words that say what to do next. */
export function problem(
  status: ProblemStatus,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer {
  const value = { type: 'about:blank', title: TITLES[status], status, detail };
  const answer = text(status, `${JSON.stringify(value)}\n`, 'application/problem+json');
  return { ...answer, headers: { ...answer.headers, ...headers } };
}
