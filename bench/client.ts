// What it costs a client to receive: the bytes of messages in, ordered messages out by the client core, beside the
// scanner's own pass over the same bytes.
// A message is had once, so the numbers in the bytes move on before every pass; that is part of each case.

import { utf8Bytes } from '../src/base/bytes.ts';
import type { ClientEvent } from '../src/client/client-events.ts';
import { ClientSession } from '../src/client/session.ts';
import { FRAME, Frame, Scanner } from '../src/wire/scanner.ts';
import { encodeFrame } from '../src/wire/writer.ts';
import type { Reporter } from './report.ts';
import { type Effort, type Group, time } from './timing.ts';

type Message = Extract<ClientEvent, { readonly kind: 'message' }>;

const ROOM = 'lobby';
const EPOCH = 'mwsseq96.3';
/** The last digits of a number, which stay where they are; those before them move on. */
const MESSAGES = 1_000;
const LAST_DIGITS = 3;
const FIRST_DIGITS = 6;
const NOW = 1_800_000_000_000;
const TEXT_BYTES = 64;

/** Messages with consecutive numbers, and how to move all of them on by MESSAGES. */
class Talk {
  readonly chunk: Uint8Array;
  readonly #places: readonly number[];
  #thousands = 10 ** (FIRST_DIGITS - 1);

  constructor() {
    const frames: Uint8Array[] = [];
    const places: number[] = [];
    let at = 0;
    for (let i = 0; i < MESSAGES; i++) {
      const text = 'general Kenobi you are a bold one today, and I have the high ground'.slice(0, TEXT_BYTES);
      const seq = this.#thousands * 10 ** LAST_DIGITS + i;
      const frame = encodeFrame('CMSG', ROOM, EPOCH, seq, 'obiwan', NOW + i, text, 'a1b2c3d4e5f6a1b2c3d4e5f6');
      places.push(at + `<CMSG,${ROOM},${EPOCH},`.length);
      frames.push(frame);
      at += frame.length;
    }
    this.chunk = new Uint8Array(Buffer.concat(frames));
    this.#places = places;
  }

  /** The number of the first one. */
  get first(): number {
    return this.#thousands * 10 ** LAST_DIGITS;
  }

  /** The bytes of the next ones. */
  next(): Uint8Array {
    const digits = utf8Bytes(String(++this.#thousands));
    const { chunk } = this;
    for (const place of this.#places) for (let i = 0; i < FIRST_DIGITS; i++) chunk[place + i] = digits[i] as number;
    return chunk;
  }
}

export async function client(effort: Effort, reporter: Reporter): Promise<void> {
  await time(receiving(), effort, reporter);
}

function receiving(): Group {
  const operations = MESSAGES;
  return {
    suite: 'client',
    title: `receiving messages of ${TEXT_BYTES} bytes`,
    unit: 'message',
    cases: [
      { name: 'scanner over the same bytes', operations, run: scanning() },
      { name: 'client core, to ordered messages', operations, run: ordering(({ seq }) => seq) },
      { name: 'the same, and all of them read', operations, run: ordering(lengthOf) },
    ],
  };
}

function scanning(): () => number {
  const talk = new Talk();
  const scanner = new Scanner(65_536);
  const frame = new Frame();
  return () => {
    scanner.feed(talk.next());
    let found = 0;
    while (scanner.next(frame) === FRAME) found += frame.argc;
    return found;
  };
}

/** Takes messages as a member of the room does, and gives each that comes out to `read`. */
function ordering(read: (message: Message) => number): () => number {
  const talk = new Talk();
  const session = new ClientSession({ servers: ['a.example:1'], nick: 'ann' }, () => 1);
  const hear = (verb: string, ...args: readonly (string | number)[]) =>
    session.receive(encodeFrame(verb, ...args), NOW);
  session.start(NOW);
  session.connected(NOW);
  hear('RPL_WELCOME', '*', 'ann!u@h', '1.1', 'token');
  hear('RPL_LIMITS', 'text=4096');
  session.join(ROOM, {}, NOW);
  hear('RPL_WELCOME', ROOM, 'ann!u@h', '1.1', EPOCH, talk.first + MESSAGES, 1, '', '');
  session.takeEvents();
  return () => {
    session.receive(talk.next(), NOW);
    let sum = 0;
    let messages = 0;
    for (const event of session.takeEvents()) {
      if (event.kind !== 'message') continue;
      messages++;
      sum += read(event);
    }
    if (messages !== MESSAGES) throw new Error(`${messages} messages came out of ${MESSAGES}`);
    return sum;
  };
}

function lengthOf({ seq, nick, time, text, id }: Message): number {
  return seq + nick.length + time + text.length + id.length;
}
