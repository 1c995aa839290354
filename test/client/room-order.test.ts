import { describe, expect, test } from 'bun:test';
import type { Message, OrderEvent } from '../../src/client/epoch-slots.ts';
import { type Position, ROOM_ORDER_LIMITS, RoomOrder, type RoomOrderLimits } from '../../src/client/room-order.ts';
import { Chance } from './chance.ts';
import { ModelRoom } from './model-room.ts';

const E1 = 'a.1';
const E2 = 'b.1';
const message = (text: string): Message => ({ nick: 'ann', time: 1, text, id: '' });

function reader(limits: Partial<RoomOrderLimits> = {}, since?: Position) {
  const said: string[] = [];
  const events: OrderEvent[] = [];
  const order = new RoomOrder(
    {
      event: (event) => {
        events.push(event);
        said.push(brief(event));
      },
      find: (epoch, seq) => said.push(`find ${epoch} ${seq}`),
      history: (epoch, from, count) => said.push(`history ${epoch} ${from} ${count}`),
    },
    { ...ROOM_ORDER_LIMITS, ...limits },
    since,
  );
  const take = (): string[] => said.splice(0);
  return { order, events, take };
}

function brief(event: OrderEvent): string {
  switch (event.kind) {
    case 'message':
      return event.text;
    case 'epoch':
      return `epoch ${event.epoch} ${event.next}`;
    case 'skipped':
      return `skipped ${event.from}-${event.to}`;
    case 'lost':
      return `lost ${event.from}-${event.to ?? `(${event.resumeAt.epoch} ${event.resumeAt.next})`}`;
  }
}

describe('the order of a room', () => {
  test('early slots wait for those before them, and repeated ones are dropped', () => {
    const { order, take } = reader();
    order.welcome(E1, 5, 1, false, 0);
    order.slot(E1, 7, message('c'), 0);
    order.slot(E1, 6, undefined, 0);
    order.slot(E1, 4, message('before'), 0);
    expect(take()).toEqual([]);
    order.slot(E1, 5, message('a'), 0);
    order.slot(E1, 5, message('a'), 0);
    order.slot(E1, 7, message('c'), 0);
    expect(take()).toEqual(['a', 'skipped 6-6', 'c']);
    expect(order.position).toEqual({ epoch: E1, last: 7 });
  });

  test('a reader that was there before goes on where it was, or is told what it cannot have', () => {
    const since = { epoch: E1, last: 4 };
    const { order, take } = reader({}, since);
    expect(order.position).toEqual(since);
    order.welcome(E1, 7, 1, true, 0);
    for (const [seq, text] of [
      [4, 'had'],
      [6, 'b'],
      [5, 'a'],
    ] as const)
      order.slot(E1, seq, message(text), 0);
    expect(take()).toEqual(['a', 'b']);
    const late = reader({}, since);
    late.order.welcome(E1, 9, 7, false, 0);
    expect(late.take()).toEqual(['lost 5-6', `history ${E1} 7 2`]);
    const elsewhere = reader({}, since);
    elsewhere.order.welcome(E2, 3, 1, false, 0);
    expect(elsewhere.take()).toEqual([`lost 5-(${E2} 3)`]);
  });

  test('a gap is asked for after 200 ms, then as the server says, then with back-off', () => {
    const { order, take } = reader();
    order.welcome(E1, 1, 1, false, 0);
    order.slot(E1, 2, message('b'), 0);
    order.tick(199);
    expect(take()).toEqual([]);
    expect(order.deadline).toBe(200);
    order.tick(200);
    expect(take()).toEqual([`find ${E1} 1`]);
    order.pending({ epoch: E1, from: 1 }, 1_000, 210);
    order.tick(1_209);
    expect(take()).toEqual([]);
    order.tick(1_210);
    expect(take()).toEqual([`find ${E1} 1`]);
    // No answer at all: asked again later, and later still.
    order.tick(order.deadline);
    order.tick(order.deadline);
    const second = order.deadline;
    expect(take()).toEqual([`find ${E1} 1`]);
    order.tick(second);
    expect(order.deadline - second).toBe(400);
    order.slot(E1, 1, undefined, second);
    expect(take()).toEqual(['skipped 1-1', 'b']);
    expect(order.deadline).toBe(Number.POSITIVE_INFINITY);
  });

  test('a long gap is filled by HISTORY, and a single undecided slot in it by FINDSEQUENCE', () => {
    const { order, take } = reader();
    order.welcome(E1, 1, 1, false, 0);
    order.slot(E1, 20, message('t'), 0);
    order.tick(200);
    expect(take()).toEqual([`history ${E1} 1 19`]);
    order.slot(E1, 1, message('a'), 210);
    order.endOfHistory({ epoch: E1, from: 1 }, E1, 2, 210);
    expect(take()).toEqual(['a']);
    order.tick(410);
    expect(take()).toEqual([`find ${E1} 2`]);
  });

  test('what is kept no longer is reported, and reading goes on at the floor', () => {
    const { order, take } = reader();
    order.welcome(E1, 1, 1, false, 0);
    order.lagged(E1, 1, 6, 0);
    expect(take()).toEqual([`history ${E1} 1 6`]);
    order.gone({ epoch: E1, from: 1 }, 4, 10);
    expect(take()).toEqual(['lost 1-3', `history ${E1} 4 3`]);
    for (const seq of [4, 5, 6]) order.slot(E1, seq, message(String(seq)), 20);
    order.endOfHistory({ epoch: E1, from: 4 }, E1, 7, 20);
    expect(take()).toEqual(['4', '5', '6']);
  });

  test('an EPOCH releases what is held and passes over the rest', () => {
    const { order, take } = reader();
    order.welcome(E1, 1, 1, false, 0);
    order.slot(E1, 3, message('c'), 0);
    order.epoch({ epoch: E2, next: 9, oldEpoch: E1, oldLast: 5, branches: [], seen: true }, 0);
    order.slot(E1, 2, message('late'), 0);
    order.slot(E2, 9, message('i'), 0);
    expect(take()).toEqual(['skipped 1-2', 'c', `epoch ${E2} 9`, 'i']);
  });

  // Who was on the other side of a split, and goes on at a server that knows less of the old epoch.
  test('an EPOCH that knows of less than the reader has: what is missing above that is lost, and not skipped', () => {
    const { order, take } = reader();
    order.welcome(E1, 1, 1, false, 0);
    for (const seq of [2, 6, 8]) order.slot(E1, seq, message(`${seq}`), 0);
    order.epoch({ epoch: E2, next: 9, oldEpoch: E1, oldLast: 4, branches: [], seen: true }, 0);
    expect(take()).toEqual(['skipped 1-1', '2', 'skipped 3-4', 'lost 5-5', '6', 'lost 7-7', '8', `epoch ${E2} 9`]);
  });

  test('an EPOCH that comes again, or of an epoch before, changes nothing', () => {
    const { order, take } = reader();
    const ending = { epoch: E2, next: 2, oldEpoch: E1, oldLast: 1, branches: [], seen: true };
    order.welcome(E1, 1, 1, false, 0);
    order.slot(E1, 1, message('a'), 0);
    order.epoch(ending, 0);
    order.slot(E2, 2, message('b'), 0);
    order.epoch(ending, 0);
    order.epoch({ ...ending, epoch: E1, oldEpoch: '9.1' }, 0);
    order.slot(E2, 3, message('c'), 0);
    expect(take()).toEqual(['a', `epoch ${E2} 2`, 'b', 'c']);
  });

  test('an EPOCH waits for slots that the server left out', () => {
    const { order, take } = reader();
    order.welcome(E1, 1, 1, false, 0);
    order.lagged(E1, 1, 2, 0);
    order.epoch({ epoch: E2, next: 3, oldEpoch: E1, oldLast: 2, branches: [], seen: true }, 0);
    order.slot(E2, 3, message('c'), 0);
    expect(take()).toEqual([`history ${E1} 1 2`]);
    order.slot(E1, 1, message('a'), 0);
    order.slot(E1, 2, message('b'), 0);
    expect(take()).toEqual(['a', 'b', `epoch ${E2} 3`, 'c']);
  });

  test('without recovery it starts afresh, even at a lower epoch, and names what it had last', () => {
    const { order, take } = reader();
    order.welcome(E2, 5, 1, false, 0);
    order.slot(E2, 5, message('e'), 0);
    order.slot(E2, 7, message('g'), 0);
    order.disconnected();
    order.welcome(E1, 3, 1, false, 10);
    order.slot(E1, 3, message('new'), 10);
    expect(take()).toEqual(['e', 'lost 6-6', 'g', `lost 8-(${E1} 3)`, 'new']);
  });

  test('with recovery nothing held before the cut is needed, and nothing is said twice', () => {
    const { order, take } = reader();
    order.welcome(E1, 1, 1, false, 0);
    order.slot(E1, 1, message('a'), 0);
    order.slot(E1, 3, message('c'), 0);
    order.disconnected();
    order.slot(E1, 2, message('b'), 0);
    expect(order.position).toEqual({ epoch: E1, last: 1 });
    order.welcome(E1, 4, 1, true, 10);
    order.slot(E1, 2, message('b'), 10);
    order.slot(E1, 3, message('c'), 10);
    expect(take()).toEqual(['a', 'b', 'c']);
  });

  test('what was left out before a cut is not asked for when it comes again by itself', () => {
    const { order, take } = reader();
    order.welcome(E1, 1, 1, false, 0);
    order.lagged(E1, 1, 2, 0);
    expect(take()).toEqual([`history ${E1} 1 2`]);
    order.disconnected();
    order.welcome(E1, 3, 1, true, 10);
    expect(take()).toEqual([]);
    expect(order.deadline).toBe(Number.POSITIVE_INFINITY);
  });

  test('overtaken while away, it fetches what is still kept', () => {
    const { order, take } = reader();
    order.welcome(E1, 1, 1, false, 0);
    order.disconnected();
    order.welcome(E1, 9, 6, false, 10);
    expect(take()).toEqual(['lost 1-5', `history ${E1} 6 3`]);
  });

  test('what is held back is bounded in number and in bytes', () => {
    const few = reader({ heldSlots: 3 });
    few.order.welcome(E1, 1, 1, false, 0);
    for (const seq of [3, 4, 5, 6]) few.order.slot(E1, seq, message(String(seq)), 0);
    expect(few.take()).toEqual(['lost 1-2', '3', '4', '5', '6']);
    const small = reader({ heldBytes: 1_000 });
    small.order.welcome(E1, 1, 1, false, 0);
    small.order.slot(E1, 2, message('x'.repeat(1_000)), 0);
    expect(small.take()).toEqual(['lost 1-1', 'x'.repeat(1_000)]);
  });

  test('a slot of which the server never says anything useful is given up in the end', () => {
    const { order, take } = reader();
    order.welcome(E1, 1, 1, false, 0);
    order.slot(E1, 2, message('b'), 0);
    let asked = 0;
    for (let now = order.deadline; Number.isFinite(now) && asked < 100; now = order.deadline) {
      order.tick(now);
      asked += take().filter((line) => line.startsWith('find')).length;
      order.refused({ epoch: E1, from: 1 }, true, now);
      if (order.position?.last === 2) break;
    }
    expect(asked).toBe(8);
    expect(take()).toEqual(['lost 1-1', 'b']);
  });

  test('random logs, repeated and left-out frames, cuts: each slot once, in order, or reported', () => {
    let told = 0;
    let lost = 0;
    for (let seed = 1; seed <= 400; seed++) {
      const result = play(seed);
      told += result.told;
      lost += result.lost;
    }
    // The cases have to be worth something: mostly delivered, with real losses among them.
    expect(told).toBeGreaterThan(20_000);
    expect(lost).toBeGreaterThan(100);
    expect(lost).toBeLessThan(told / 3);
  });
});

/** One random life of a room and its reader, checked event by event. */
function play(seed: number): { told: number; lost: number } {
  const chance = new Chance(seed);
  const room = new ModelRoom(chance);
  const check = checker(room, seed);
  const order = new RoomOrder({
    event: check.event,
    find: (epoch, seq) => room.answerFind(epoch, seq),
    history: (epoch, from, count) => room.answerHistory(epoch, from, count),
  });
  let now = 0;
  const pass = (): void => {
    now += chance.below(100);
    room.deliver(order, now);
    order.tick(now);
  };
  room.join(order);
  for (let step = 0; step < 300; step++) {
    if (chance.happens(0.5)) room.live();
    pass();
    if (chance.happens(0.01) || (step > 100 && chance.happens(0.002))) {
      room.cut();
      order.disconnected();
      for (let n = chance.below(chance.happens(0.2) ? 80 : 20); n > 0; n--) room.live();
      if (chance.happens(0.1)) room.remake();
      room.join(order);
    }
  }
  room.decideAll();
  for (let step = 0; step < 2_000 && !(room.idle && order.deadline === Number.POSITIVE_INFINITY); step++) pass();
  check.end(order);
  return check.counts;
}

/** What a reader may be told, by looking at the model alone. */
function checker(room: ModelRoom, seed: number) {
  let epoch = '';
  let next = 0;
  const counts = { told: 0, lost: 0 };
  const fail = (what: string): never => {
    throw new Error(`seed ${seed}: ${what}; at ${epoch} ${next}`);
  };
  const event = (said: OrderEvent): void => {
    if (said.kind === 'epoch') {
      const model = room.find(said.oldEpoch);
      // The first thing of all that is heard: where reading began is not known, and nothing can be missing.
      if (epoch === '') [epoch, next] = [said.oldEpoch, said.next];
      if (said.oldEpoch !== epoch || said.next < next) fail('an epoch in the wrong place');
      if (model !== undefined && model.last >= next) checkSkipped(next, model.last);
      epoch = said.epoch;
      next = said.next;
      return;
    }
    const from = said.kind === 'message' ? said.seq : said.from;
    if (epoch === '') [epoch, next] = [said.epoch, from];
    if (said.epoch !== epoch || from !== next) fail(`${brief(said)} out of order`);
    if (said.kind === 'lost') {
      counts.lost++;
      if (said.to === undefined) ({ epoch, next } = said.resumeAt);
      else next = said.to + 1;
      return;
    }
    counts.told++;
    if (said.kind === 'message' && said.text !== `${epoch}/${from}`) fail('the wrong text');
    if (said.kind === 'skipped') checkSkipped(said.from, said.to);
    next = said.kind === 'message' ? from + 1 : said.to + 1;
  };
  /** Nothing that was said in these slots may be passed over as empty. */
  const checkSkipped = (from: number, to: number): void => {
    const model = room.find(epoch);
    for (let seq = from; model !== undefined && seq <= to; seq++) {
      const slot = model.slots.get(seq);
      if (slot !== undefined && slot !== 'skipped') fail(`slot ${seq} was skipped, but holds ${JSON.stringify(slot)}`);
    }
  };
  const end = (order: RoomOrder): void => {
    if (epoch === '') return;
    const model = room.current;
    if (order.position?.epoch !== model.epoch || order.position.last !== model.last) {
      fail(`stopped at ${JSON.stringify(order.position)} before ${model.epoch} ${model.last}`);
    }
  };
  return { event, end, counts };
}
