// The line that says how things are: where, in which state, how far away, what of the network is in sight. The most
// important comes first, and what has no place any more is left out whole.

import { fit, widthOf } from '../cells.ts';
import { plain } from '../terminal-text.ts';
import type { Glyphs } from './body.ts';
import type { ChatModel } from './chat-model.ts';
import type { Connection } from './connection.ts';
import type { Row, Span } from './rows.ts';

/** A server that is further away than this is not well, or its network is not. */
const SLOW_MS = 2_000;

/** The line for `columns`; `below`: lines newer than those that are shown. */
export function statusRow(model: ChatModel, below: number, columns: number, glyphs: Glyphs, now: number): Row {
  const said: Span[] = model.hint === '' ? piecesOf(model, now) : [{ text: model.hint, tone: 'usual' }];
  const more: Span[] = below === 0 ? [] : [{ text: `${glyphs.below} ${below} newer (Esc)`, tone: 'alarm' }];
  const gap = ` ${glyphs.rule.repeat(2)} `;
  const spans: Span[] = [{ text: `${glyphs.rule.repeat(2)} `, tone: 'quiet' }];
  let left = columns - 3;
  for (const [i, { text, tone }] of [...more, ...said].entries()) {
    const before = i === 0 ? '' : gap;
    const room = left - widthOf(before) - 1;
    if (i > 0 && widthOf(text) > room) continue;
    const fitted = fit(text, room, glyphs.cut);
    spans.push({ text: before, tone: 'quiet' }, { text: fitted, tone });
    left -= widthOf(before) + widthOf(fitted);
  }
  return [...spans, { text: left > 0 ? ` ${glyphs.rule.repeat(left - 1)}` : '', tone: 'quiet' }];
}

/** What there is to say, the most important first. */
function piecesOf({ connection, views }: ChatModel, now: number): Span[] {
  const outside = views.filter(({ wasInside, isInside }) => wasInside && !isInside).length;
  const state = stateOf(connection, outside, now);
  const place = placeOf(connection);
  if (connection.state !== 'online') return [state, ...place];
  return [state, ...networkOf(connection), ...latencyOf(connection, now), ...place];
}

function stateOf({ state, wasOnline, reason, retryAt, tries }: Connection, outside: number, now: number): Span {
  switch (state) {
    case 'connecting':
      return { text: wasOnline ? 'resuming' : 'connecting', tone: 'alarm' };
    case 'waiting': {
      const seconds = Math.max(0, Math.ceil((retryAt - now) / 1000));
      const which = tries > 1 ? ` (try ${tries})` : '';
      return { text: `no connection: ${plain(reason)}; again in ${seconds} s${which}`, tone: 'alarm' };
    }
    case 'leaving':
      return { text: 'leaving', tone: 'alarm' };
    case 'online':
      return outside > 0 ? { text: 'resuming', tone: 'alarm' } : { text: 'connected', tone: 'usual' };
  }
}

/** Nothing where there is one server and never was another. */
function networkOf({ servers, missing, replicated }: Connection): Span[] {
  const all = servers.length + missing.length;
  if (missing.length === 0) {
    return all < 2 ? [] : [{ text: `${all} servers${replicated === false ? ', not copied' : ''}`, tone: 'usual' }];
  }
  const text = `${servers.length} of ${all} servers, without ${missing.map(plain).join(', ')}`;
  return [{ text: replicated === false ? `${text}: nothing is copied` : text, tone: 'alarm' }];
}

function latencyOf({ latencyMs, askedAt = Number.POSITIVE_INFINITY }: Connection, now: number): Span[] {
  if (now - askedAt >= SLOW_MS)
    return [{ text: `no answer for ${Math.floor((now - askedAt) / 1_000)} s`, tone: 'alarm' }];
  if (latencyMs === undefined) return [];
  return [{ text: durationOf(latencyMs), tone: latencyMs >= SLOW_MS ? 'alarm' : 'usual' }];
}

function placeOf({ name, address }: Connection): Span[] {
  if (address === '') return [];
  return [{ text: name === '' ? address : `${plain(name)} ${address}`, tone: 'quiet' }];
}

function durationOf(ms: number): string {
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(1)} s`;
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}
