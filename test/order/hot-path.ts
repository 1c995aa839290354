// A program for hot-path.test.ts: a million sends through a warm home. With `leaky` its reader keeps house badly and
// makes an object a message, which shows that the measurement sees one.

import { Budget } from '../../src/base/budget.ts';
import { utf8Bytes } from '../../src/base/bytes.ts';
import { epoch, type RoomKey, serverId, type Ticket, uid } from '../../src/base/ids.ts';
import { SENT } from '../../src/base/outcome.ts';
import { Home } from '../../src/order/home.ts';
import { MemoryLog } from '../../src/order/memory.ts';
import { Penalties } from '../../src/order/reservations.ts';
import { HOME_LIMITS, MEMORY_LIMITS, PENALTY_LIMITS } from './limits.ts';

const EPOCH = epoch(1_790_000_000_000, serverId(7));
const leaky = process.argv[2] === 'leaky';
let tickets = 0;
let bytes = 0;
let last: { seq: number } | undefined;

const home = new Home({
  room: { key: 'lobby' as RoomKey, name: 'Lobby' },
  epoch: EPOCH,
  first: 1,
  log: new MemoryLog(EPOCH, new Budget(1 << 28), MEMORY_LIMITS, 1),
  limits: HOME_LIMITS,
  penalties: new Penalties(PENALTY_LIMITS),
  idBudget: new Budget(2 * HOME_LIMITS.idWindow),
  tickets: () => ++tickets as Ticket,
  out: {
    publish(_home, _kind, seq, _bytes, start, end) {
      bytes += end - start;
      if (leaky) last = { seq };
    },
    publishCommitted() {},
    settled() {},
    due() {},
    waits() {},
  },
});

const [asker, ann, nick, text] = [{}, uid(serverId(7), 1), utf8Bytes('ann'), utf8Bytes('x'.repeat(100))];

function send(count: number): void {
  for (let i = 0; i < count; i++) {
    const outcome = home.send(asker, ann, nick, text, 0, 64 + (i % 37), 0, '', 1_790_000_000_000 + (i >> 6));
    if (outcome !== SENT) throw new Error(`outcome ${outcome}`);
  }
}

send(100_000);
Bun.gc(true);
console.error('warm');
send(1_000_000);
console.error('done', bytes, last?.seq ?? 0);
