// What the cluster shows: a line for what a server logs, the network as a tree, and what to type to chat on it.
// Nothing that a server wrote reaches the screen but through plain(). This file keeps nothing and starts nothing.

import { plain, type Style } from '../terminal-text.ts';
import { type LogEntry, objectIn } from './leashed-server.ts';

/** A row of MAP: a server as another one sees it. */
export interface MapRow {
  readonly server: string;
  readonly hopcount: number;
  /** The direct peer through which it is reached; '' for the one that was asked. */
  readonly via: string;
  readonly users: number;
}

/** What of a server is shown beside its name. */
export interface ServerFacts {
  readonly number: number;
  readonly name: string;
  /** Where clients reach it; undefined while it is down. */
  readonly address: string | undefined;
}

/** Events that say nothing which another line does not say. */
const UNSAID: ReadonlySet<string> = new Set([
  'server.listening',
  'server.synced',
  'server.stopping',
  'server.stopped',
  'discovery.searched',
  'room.epoch',
  'room.epochs',
  'dial.failed',
]);

const WHYS: Readonly<Record<string, string>> = {
  lost: 'connection broke',
  left: 'it took its leave',
  leaving: 'on the way out',
  silent: 'it was silent for too long',
  ghost: 'it has begun a new life',
  duplicate: 'there is another link',
  sclose: 'an operator closed the link',
};

/**
 * What one server knows of the others' nearness: a server that is reached by a link, or lost with one, is worth one
 * line and not two.
 */
export class Nearness {
  readonly #near = new Set<string>();
  readonly #justLost = new Set<string>();

  /** Whether `entry` is news beside what was said before. */
  isNews({ event, fields }: LogEntry): boolean {
    const server = String(fields.server ?? '');
    switch (event) {
      case 'link.up':
        this.#justLost.delete(server);
        this.#near.add(server);
        return fields.role === 'dialler';
      case 'link.down':
        this.#near.delete(server);
        this.#justLost.add(server);
        return fields.why !== 'leaving';
      case 'server.reached':
        return !this.#near.has(server);
      case 'server.lost':
        return !this.#justLost.delete(server);
      default:
        return !UNSAID.has(event);
    }
  }
}

/** What a server's log entry says, in words. */
export function entryText({ event, level, fields }: LogEntry, style: Style): string {
  const server = style.name(plain(String(fields.server ?? '')));
  switch (event) {
    case 'link.up':
      return `found ${server}: linked`;
    case 'link.down':
      return `lost ${server}: ${WHYS[String(fields.why)] ?? plain(String(fields.why))}`;
    case 'server.reached':
      return `reaches ${server} through others`;
    case 'server.lost':
      return `cannot reach ${server} any more`;
    case 'server.restarted':
      return `sees ${server} in a new life`;
    default: {
      const text = `${plain(event)}${fieldsText(fields)}`;
      return level === 'warn' || level === 'error' ? style.alarm(text) : style.quiet(text);
    }
  }
}

/** A line that a server wrote to its log, for people. */
export function logText(line: string): string {
  const { time: _, level, event, ...fields } = objectIn(line) ?? {};
  return event === undefined ? plain(line) : plain(`${level} ${event}${fieldsText(fields)}`);
}

function fieldsText(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .map(([name, value]) => ` ${plain(name)}=${plain(String(value))}`)
    .join('');
}

/** The network as a tree, a line each: whom the first of `rows` reaches, and through whom; then who is down. */
export function treeText(rows: readonly MapRow[], servers: readonly ServerFacts[], style: Style): string[] {
  const [root] = rows;
  if (root === undefined) return [];
  const branches = rows.some(({ hopcount }) => hopcount > 0) ? 6 : 3;
  const width = Math.max(...servers.map(({ name }) => name.length)) + branches;
  const facts = new Map(servers.map((server) => [server.name, server]));
  const label = (row: MapRow, indent: string): string => {
    const name = `${style.quiet(indent)}${style.name(plain(row.server))}`;
    const gap = ' '.repeat(Math.max(width - indent.length - row.server.length, 0) + 2);
    return `${name}${gap}${facts.get(row.server)?.address ?? ''}  ${people(row.users)}`;
  };
  const lines = [label(root, '')];
  const put = (via: string, hopcount: number, indent: string): void => {
    const below = rows.filter(
      (row) => row !== root && row.hopcount === hopcount && (hopcount === 0 || row.via === via),
    );
    below.forEach((row, i) => {
      const last = i === below.length - 1;
      lines.push(label(row, `${indent}${last ? '└─ ' : '├─ '}`));
      if (hopcount === 0) put(row.server, 1, `${indent}${last ? '   ' : '│  '}`);
    });
  };
  put('', 0, '');
  for (const { hopcount, ...row } of rows.filter((each) => each.hopcount > 1))
    lines.push(`${label({ hopcount, ...row }, '')}, ${hopcount} servers between`);
  const seen = new Set(rows.map((row) => row.server));
  for (const { name, number, address } of servers) {
    if (seen.has(name)) continue;
    const gap = ' '.repeat(Math.max(width - name.length, 0) + 2);
    const state = address === undefined ? `down; s ${number} starts it again` : 'not reached';
    lines.push(`${style.name(name)}${gap}${style.alarm(state)}`);
  }
  return lines;
}

function people(count: number): string {
  return count === 0 ? 'nobody' : count === 1 ? '1 person' : `${count} people`;
}

const NICKS = ['ann', 'bob', 'cat', 'dan', 'eve', 'fay', 'gus', 'hal', 'ida'] as const;

/** What to paste into other terminals. `run` is how this project's scripts are run here. */
export function invitation(addresses: readonly string[], run: string, style: Style): string[] {
  return [
    style.alarm(`Talk on ${addresses.length === 1 ? 'it' : 'each of them'}, in other terminals:`),
    ...addresses.map((address, i) => `  ${run} chat --server ${address} --nick ${NICKS[i]}`),
    style.alarm('Let a hundred talk, and see that nothing is lost:'),
    `  ${run} load --servers ${addresses.join(',')}`,
  ];
}
