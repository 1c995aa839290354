// Reading and writing of frames: the scanner against a bare pass over the same bytes through the table of classes
// (what no reader can beat) and against a parser that splits strings (what one would write first); the writer against
// template strings.

import { utf8, utf8Bytes } from '../src/base/bytes.ts';
import { canonicalize, isCanonical } from '../src/wire/canonical.ts';
import { ARG_CLASS } from '../src/wire/octets.ts';
import { FRAME, Frame, Scanner } from '../src/wire/scanner.ts';
import { VerbTable } from '../src/wire/verbs.ts';
import { encodeFrame, FrameWriter } from '../src/wire/writer.ts';
import { csend, streamOf } from './frames.ts';
import type { Reporter } from './report.ts';
import { type Effort, type Group, time } from './timing.ts';

const VERBS = ['PASS', 'NICK', 'USER', 'PING', 'PONG', 'QUIT', 'CSEND', 'CREATEROOM', 'JOINROOM', 'LEAVEROOM', 'ULIST'];
const SIZES = [20, 64, 200];
const WRITTEN = 1_000;

export async function wire(effort: Effort, reporter: Reporter): Promise<void> {
  for (const size of SIZES) await time(reading(size), effort, reporter);
  await time(writing(), effort, reporter);
  await time(canonical(), effort, reporter);
}

function reading(size: number): Group {
  const { chunk, frames } = streamOf(csend(size));
  const scanner = new Scanner(8_192);
  const frame = new Frame();
  const verbs = new VerbTable(VERBS);
  return {
    suite: 'wire',
    title: `reading CSEND frames of ${size} bytes`,
    unit: 'frame',
    cases: [
      { name: 'bare pass over the bytes', operations: frames, run: () => classes(chunk, 0, chunk.length) },
      {
        name: 'scanner',
        operations: frames,
        run: () => {
          scanner.feed(chunk);
          let arguments_ = 0;
          while (scanner.next(frame) === FRAME) arguments_ += frame.argc;
          return arguments_;
        },
      },
      {
        name: 'scanner and verb table',
        operations: frames,
        run: () => {
          scanner.feed(chunk);
          let rows = 0;
          while (scanner.next(frame) === FRAME) rows += verbs.find(frame.bytes, frame.verbStart, frame.verbEnd);
          return rows;
        },
      },
      { name: 'splitting strings', operations: frames, run: () => splitParser(chunk) },
    ],
  };
}

/** How many bytes of bytes[start, end) mean something in a frame. */
function classes(bytes: Uint8Array, start: number, end: number): number {
  let count = 0;
  for (let i = start; i < end; i++) if (ARG_CLASS[bytes[i] as number] !== 0) count++;
  return count;
}

/** The parser that one writes first: a string, lines, arguments. It knows no escapes and checks next to nothing. */
function splitParser(chunk: Uint8Array): number {
  let count = 0;
  for (const line of utf8(chunk, 0, chunk.length).split('\n')) {
    if (line === '' || !line.startsWith('<') || !line.endsWith('>')) continue;
    const [verb = '', ...args] = line.slice(1, -1).split(',');
    if (verb.toUpperCase() === 'CSEND') count += args.length;
  }
  return count;
}

function writing(): Group {
  const room = 'lobby';
  const ident = 'obiwan!ben@tatooine.example';
  const writer = new FrameWriter();
  const many = (write: (i: number) => number) => () => {
    let bytes = 0;
    for (let i = 0; i < WRITTEN; i++) bytes += write(i);
    return bytes;
  };
  return {
    suite: 'wire',
    title: 'writing <JOINROOM,room,ident,n>',
    unit: 'frame',
    note: 'The plain template escapes nothing, so it is no writer; the next one is.',
    cases: [
      {
        name: 'template string',
        operations: WRITTEN,
        run: many((i) => utf8Bytes(`<JOINROOM,${room},${ident},${i}>\n`).length),
      },
      {
        name: 'template string, escaped',
        operations: WRITTEN,
        run: many((i) => utf8Bytes(`<JOINROOM,${escaped(room)},${escaped(ident)},${i}>\n`).length),
      },
      {
        name: 'FrameWriter, used again',
        operations: WRITTEN,
        run: many((i) => {
          writer.clear();
          return writer.begin('JOINROOM').arg(room).arg(ident).arg(i).end().length;
        }),
      },
      {
        name: 'encodeFrame',
        operations: WRITTEN,
        run: many((i) => encodeFrame('JOINROOM', room, ident, i).length),
      },
    ],
  };
}

function escaped(text: string): string {
  return text.replace(/[<>,\\]|^\s|\s$/g, '\\$&');
}

function canonical(): Group {
  const plain = utf8Bytes('general Kenobi you are a bold one today and I have the high ground');
  const good = utf8Bytes('general Kenobi\\, you are a bold one today \\<and I have\\> the high');
  const other = utf8Bytes('general Kenobi\\, you are a \\bold one today \\<and I have\\> the hi');
  const many = (work: () => number) => () => {
    let sum = 0;
    for (let i = 0; i < WRITTEN; i++) sum += work();
    return sum;
  };
  return {
    suite: 'wire',
    title: 'canonical form of a text of 66 bytes',
    unit: 'text',
    cases: [
      { name: 'bare pass over the bytes', operations: WRITTEN, run: many(() => classes(plain, 0, plain.length)) },
      {
        name: 'isCanonical, nothing escaped',
        operations: WRITTEN,
        run: many(() => Number(isCanonical(plain, 0, plain.length))),
      },
      {
        name: 'isCanonical, three escapes',
        operations: WRITTEN,
        run: many(() => Number(isCanonical(good, 0, good.length))),
      },
      {
        name: 'canonicalize, one escape too many',
        operations: WRITTEN,
        run: many(() => canonicalize(other, 0, other.length).length),
      },
    ],
  };
}
