// The limits of the tests of order: those that a server has when nobody sets them, so that tests can count on them.

import type { HomeLimits } from '../../src/order/home-ports.ts';
import type { MemoryLimits } from '../../src/order/memory.ts';
import type { PenaltyLimits } from '../../src/order/reservations.ts';

export const HOME_LIMITS: HomeLimits = {
  ttlMs: 5_000,
  reservations: 8,
  idWindowMs: 600_000,
  idWindow: 65_536,
  pendingEntries: 4_096,
  pendingBytes: 4_194_304,
};
export const MEMORY_LIMITS: MemoryLimits = { slots: 1_024, bytes: 1_048_576 };
export const PENALTY_LIMITS: PenaltyLimits = { reservationWaitMs: 10_000, reservationWaitMaxMs: 600_000 };
