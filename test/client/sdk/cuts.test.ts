// A whole conversation of an SDK client, broken at every byte in every way, on simulated time: whatever is waited for is
// settled, what was sent is read once and in its order, and nothing is left open or due.

import { afterEach, beforeEach, expect, jest, setDefaultTimeout, test } from 'bun:test';
import type { Chat } from '../../../src/client/sdk/chat.ts';
import { connectBy } from '../../../src/client/sdk/connect.ts';
import { ModelServer } from '../model-server.ts';
import { CutWires } from './cut-wires.ts';

setDefaultTimeout(60_000);

const LONG = process.env.CHORUS_TEST_LONG === '1';
/** Without more time every byte of the beginning is looked at, and then one in so many. */
const BEGINNING = 200;
const STRIDE = LONG ? 1 : 7;
/** Whatever is waited for is settled by then, or when the chat is closed. */
const PATIENCE_MS = 200_000;
const CLOSED_MS = 2_000;
const TEXTS = ['one', 'two', 'three', 'four'];

/** What a client goes on after, with everything that it was to send. */
const SURVIVED = /^the (connection|server says goodbye)/;

/** The loop's own turn, which the simulated timers are not to take. */
const turn = setImmediate;

interface Course {
  readonly chat: Chat | undefined;
  readonly wires: CutWires;
  /** What is waited for, by name, until it is settled. */
  readonly waiting: Set<string>;
  readonly failed: Map<string, string>;
  readonly read: string[];
}

type Happening = (wires: CutWires, course: Course, server: ModelServer, user: AbortController) => void;

const HAPPENINGS: Readonly<Record<string, Happening>> = {
  'the connection is cut': (wires) => wires.cut(true),
  'the connection is cut, and the server does not notice': (wires) => wires.cut(false),
  'the connection goes silent': (wires) => wires.silence(),
  'the server is gone for good': (wires) => {
    wires.closed = true;
    wires.cut(true);
  },
  'the server starts again, and knows nobody': (wires, _, server) => {
    server.restart();
    wires.cut(true);
  },
  'the server says goodbye': (wires) => wires.say('ERROR', 'no reason'),
  'the user is killed': (wires) => wires.say('KILL', 'ann', 'no reason'),
  'the user gives everything up': (_, __, ___, user) => user.abort(),
  'the user closes': (_, { chat }) => void chat?.close(),
  'the user drains': (_, { chat }) => void chat?.drain(),
};

beforeEach(() => void jest.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void jest.useRealTimers());

/** Lets everything happen that takes no time. */
function quiet(): Promise<void> {
  return new Promise((resolve) => void turn(() => turn(resolve)));
}

/** Lets time pass until `over`, or nothing more can happen. */
async function pass(over: () => boolean, ms: number): Promise<void> {
  const until = Date.now() + ms;
  await quiet();
  while (!over() && Date.now() < until && jest.getTimerCount() > 0) {
    jest.advanceTimersToNextTimer();
    await quiet();
  }
}

/** One conversation, in which something happens after `cutAt` bytes. */
async function converse(cutAt: number, happening: Happening): Promise<Course> {
  const server = new ModelServer();
  const user = new AbortController();
  const { signal } = user;
  const course = {
    chat: undefined as Chat | undefined,
    waiting: new Set<string>(),
    failed: new Map(),
    read: [] as string[],
  };
  const wires = new CutWires(server, cutAt, (here) => happening(here, { ...course, wires }, server, user));
  const wait = async <T>(name: string, promise: Promise<T>): Promise<T | undefined> => {
    course.waiting.add(name);
    try {
      return await promise;
    } catch (error) {
      course.failed.set(name, (error as { code?: string }).code ?? String(error));
      return undefined;
    } finally {
      course.waiting.delete(name);
    }
  };
  const talk = async (): Promise<void> => {
    const chat = await wait(
      'connect',
      connectBy({ tcp: wires.dial }, { servers: ['a:1', 'b:1'], nick: 'ann', signal }),
    );
    if (chat === undefined) return;
    course.chat = chat;
    const room = await wait('join', chat.join('dev', { create: true, signal }));
    const asked: Promise<unknown>[] = [
      wait('locate', chat.locate('ann', { signal })),
      wait('rename', chat.rename('eve', { signal })),
    ];
    if (room !== undefined) {
      void wait('loop', read(room));
      asked.push(...TEXTS.map((text) => wait(text, room.send(text, { signal }))));
      asked.push(wait('members', room.members({ signal })), wait('tell', chat.tell(['eve', 'zoe'], 'hi', { signal })));
      await Promise.all(asked);
      await wait('history', room.history({ signal }));
      const den = await wait('den', chat.join('den', { create: true, signal }));
      if (den !== undefined) await wait('leave', den.leave({ signal }));
    }
    await Promise.all(asked);
    await wait('drain', chat.drain());
  };
  const read = async (room: AsyncIterable<{ readonly text: string }>): Promise<void> => {
    for await (const { text } of room) course.read.push(text);
  };
  const talked = wait('talk', talk());
  await pass(() => course.waiting.size === 0, PATIENCE_MS);
  // Who is outside waits for a server as long as it takes: closing ends that too.
  if (course.waiting.size > 0) {
    user.abort();
    void course.chat?.close();
    await pass(() => course.waiting.size === 0, CLOSED_MS);
  }
  if (course.waiting.size === 0) await talked;
  await pass(() => false, CLOSED_MS);
  return { ...course, wires };
}

test('a conversation without faults', async () => {
  const { waiting, failed, read, wires } = await converse(Number.POSITIVE_INFINITY, () => {});
  expect([...waiting, ...failed]).toEqual([]);
  expect(read).toEqual(TEXTS);
  expect([wires.open, jest.getTimerCount()]).toEqual([0, 0]);
});

test.each(Object.entries(HAPPENINGS))('%s', async (name, happening) => {
  const { wires: whole } = await converse(Number.POSITIVE_INFINITY, () => {});
  for (let cutAt = 1; cutAt <= whole.passed; cutAt += cutAt < BEGINNING ? 1 : STRIDE) {
    const { waiting, failed, read, wires } = await converse(cutAt, happening);
    const sent = failed.has('connect') || failed.has('join') ? [] : TEXTS.filter((text) => !failed.has(text));
    const found = {
      cutAt,
      waiting: [...waiting],
      readOfSent: read.filter((text) => sent.includes(text)),
      twice: read.filter((text, i) => read.indexOf(text) !== i),
      lost: SURVIVED.test(name) ? TEXTS.filter((text) => !sent.includes(text)) : [],
      open: wires.open,
      due: jest.getTimerCount(),
    };
    expect(found).toEqual({ cutAt, waiting: [], readOfSent: sent, twice: [], lost: [], open: 0, due: 0 });
  }
});
