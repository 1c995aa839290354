// A room as one server has it in tests: Lobby at server 1, with members everywhere, in a world in which nothing is heard
// or done but what a test asks for.

import { Budget } from '../../src/base/budget.ts';
import { type RoomKey, serverId, ticket } from '../../src/base/ids.ts';
import { Penalties } from '../../src/order/reservations.ts';
import type { SharedOptions, SharedOut } from '../../src/order/shared-ports.ts';
import { HOME_LIMITS, MEMORY_LIMITS, PENALTY_LIMITS } from './limits.ts';

/** Where test time begins. */
export const START = 1_790_000_000_000;
export const SELF = serverId(1);

export function oneRoom(out: Partial<SharedOut>, home = HOME_LIMITS): SharedOptions {
  let tickets = 0;
  const nothing = (): void => {};
  return {
    room: { key: 'lobby' as RoomKey, name: 'Lobby' },
    self: SELF,
    incarnation: START,
    holdMs: 3_000,
    home,
    segment: { ...home, memory: MEMORY_LIMITS },
    budgets: { memory: new Budget(1 << 30), ids: new Budget(1 << 20) },
    penalties: new Penalties(PENALTY_LIMITS),
    out: {
      ...{ to: nothing, reachable: () => [], awaited: () => [], hasMembers: () => true, hash: (text) => text },
      ...{ ticket: () => ticket(++tickets), publish: nothing, publishRun: nothing, turn: nothing, settled: nothing },
      ...{ reserved: nothing, announce: nothing, began: nothing, ready: nothing, due: nothing, dirty: nothing },
      ...out,
    },
  };
}
