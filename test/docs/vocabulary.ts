// The vocabulary: every name of a frame that the server can write, read out of its source. Frames are begun in few
// ways; a way that this file does not know would hide a name, so the tests hold some well-known ones against it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMMANDS } from '../../src/chat/commands.ts';
import { ERRORS } from '../../src/chat/replies.ts';

const SRC = join(import.meta.dir, '..', '..', 'src');
const SPEAKERS = new Bun.Glob('{chat,order,fanout,node}/*.ts');
/** This speaks to servers alone: between-servers.test.ts holds it. */
const TO_SERVERS = 'node/network.ts';
/** What servers say to each other about the order of a room. */
const BETWEEN_SERVERS: ReadonlySet<string> = new Set([
  'FORWARD',
  'LAGGED',
  'NOROOM',
  'OPENED',
  'ROOM',
  'SEALED',
  'SETTLED',
  'STREAM',
]);
const BEGUN = /(?:\bbegin|\bprefix|\bencodeFrame|\bopenFrame)\(\s*'([A-Z_]+)'/g;

/** What clients may send. */
export const VERBS: ReadonlySet<string> = new Set(COMMANDS.map(({ verb }) => verb));

/** What the server may write. */
export const SPOKEN: ReadonlySet<string> = new Set([...Object.keys(ERRORS), ...begun()]);

function* begun(): Generator<string> {
  for (const path of SPEAKERS.scanSync(SRC)) {
    if (path === TO_SERVERS) continue;
    for (const [, name] of readFileSync(join(SRC, path), 'utf8').matchAll(BEGUN)) {
      if (name !== undefined && !BETWEEN_SERVERS.has(name)) yield name;
    }
  }
}
