// A process of its own for allocations.ts: takes FRAMES CSEND frames along one way, in chunks of 64 KiB, and says how
// many it took. Run under BUN_JSC_logGC=1, its collections tell what that way allocates.
//
//   bun bench/allocating.ts scanner|node|waste FRAMES

import { utf8Bytes } from '../src/base/bytes.ts';
import type { ConnectionId } from '../src/base/ids.ts';
import { Node } from '../src/node/node.ts';
import { nodeConfig } from '../src/ops/node-config.ts';
import { Frame, MORE, Scanner } from '../src/wire/scanner.ts';
import { VerbTable } from '../src/wire/verbs.ts';
import { streamOf } from './frames.ts';
import { quietPorts } from './ports.ts';
import { presets } from './presets.ts';

const MEMBERS = 20;
const NOW = 1_790_000_000_000;
// What the protocol calls ordinary: a text, no room, no number, no id.
const LINE = `<CSEND,${'general Kenobi you are a bold one today '.repeat(2)}x>\n`;

/** What takes a chunk; answers how many frames that were. */
type Taker = (chunk: Uint8Array, now: number) => number;

function scanner(waste: boolean): Taker {
  const scanner = new Scanner(8_192);
  const frame = new Frame();
  const verbs = new VerbTable(['PING', 'CSEND', 'JOINROOM']);
  const kept: unknown[] = [undefined];
  return (chunk) => {
    let frames = 0;
    scanner.feed(chunk);
    while (scanner.next(frame) !== MORE) {
      if (verbs.find(frame.bytes, frame.verbStart, frame.verbEnd) !== 1) throw new Error('misread');
      if (waste) kept[0] = [frame.argStart[0]];
      frames++;
    }
    return frames;
  };
}

/** A whole node with MEMBERS in one room; the transport takes everything. */
function node(): Taker {
  const options = presets('--flood', 'off');
  const delivered = new Delivered();
  const ports = quietPorts(options, { offer: (_id, bytes, start, end) => delivered.take(bytes, start, end) });
  const server = new Node(nodeConfig(options, [], { id: 1, version: '0', birth: NOW, incarnation: NOW }), ports);
  const members = Array.from({ length: MEMBERS }, (_, i) => join(server, i));
  server.flush(NOW);
  const sender = members[0] as ConnectionId;
  return (chunk, now) => {
    delivered.messages = 0;
    server.receive(sender, chunk, now);
    server.flush(now);
    return delivered.messages / MEMBERS;
  };
}

function join(server: Node, i: number): ConnectionId {
  const id = server.connected('127.0.0.1', 'bench.example', NOW);
  const create = i === 0 ? '<CREATEROOM,lobby>' : '';
  server.receive(id, utf8Bytes(`<NICK,member${i}><USER,bench,0,*,Bench>${create}<JOINROOM,lobby>`), NOW);
  return id;
}

/** Counts the CMSG frames that were offered, by their LFs: nothing else is said once all have joined. */
class Delivered {
  messages = 0;

  take(bytes: Uint8Array, start: number, end: number): number {
    for (let i = start; i < end; i++) if (bytes[i] === 0x0a) this.messages++;
    return end - start;
  }
}

const [way = '', count = ''] = process.argv.slice(2);
const wanted = Number(count);
const take = way === 'node' ? node() : scanner(way === 'waste');
const { chunk } = streamOf(LINE);
let frames = 0;
for (let now = NOW; frames < wanted; now++) frames += take(chunk, now);
process.stdout.write(`${JSON.stringify({ frames })}\n`);
