// How many files this process may open, and how many clients fit under it. At the limit a listener would spin in
// accept, so connections are capped below it and some descriptors stay free for files, logs and listeners.

import { readFileSync } from 'node:fs';

/** What is taken where the system does not say: the smallest limit that is usual anywhere. */
export const FALLBACK_FD_LIMIT = 256;
/** The most clients that one process takes, however many files it may open. */
export const MOST_CLIENTS = 1_000_000;

/** Reads the soft limit out of the text of /proc/self/limits; undefined when it is not there. */
export function parseFdLimit(limits: string): number | undefined {
  const soft = /^Max open files\s+(\d+|unlimited)\b/m.exec(limits)?.[1];
  if (soft === undefined) return undefined;
  return soft === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(soft);
}

/** The soft limit on open files of this process. */
export function fdLimit(path = '/proc/self/limits'): number {
  try {
    return parseFdLimit(readFileSync(path, 'utf8')) ?? FALLBACK_FD_LIMIT;
  } catch {
    return FALLBACK_FD_LIMIT;
  }
}

/** The clients that fit under `limit` open files when `reserve` are kept free; 0 when none does. */
export function clientsWithin(limit: number, reserve: number): number {
  return Math.max(0, Math.min(MOST_CLIENTS, limit - reserve));
}
