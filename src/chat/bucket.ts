// A token bucket: how much a connection may ask for, as two numbers that its owner holds. It fills with time up to the
// burst; it may be charged beyond empty, into debt, and a debt of a whole burst means that the peer does not stop.
// This file reads no clock and knows no sessions.

import type { Flood } from './config.ts';

export interface Bucket {
  /** Below 0: debt. */
  tokens: number;
  /** When `tokens` was right, in Unix milliseconds. */
  filledAt: number;
}

/** Fills `bucket` with what has come since. A clock that went back adds nothing. */
export function fill(bucket: Bucket, flood: Flood, now: number): void {
  const elapsed = now - bucket.filledAt;
  bucket.filledAt = now;
  if (elapsed <= 0) return;
  bucket.tokens = Math.min(flood.burst, bucket.tokens + (elapsed * flood.rate) / 1000);
}

/** Takes `cost` tokens, or a whole burst where that is less; false, and nothing taken, when they are not there. */
export function take(bucket: Bucket, cost: number, flood: Flood, now: number): boolean {
  fill(bucket, flood, now);
  const price = Math.min(cost, flood.burst);
  if (bucket.tokens < price) return false;
  bucket.tokens -= price;
  return true;
}

/** Takes `cost` tokens whether they are there or not; false when the debt has reached a whole burst. */
export function charge(bucket: Bucket, cost: number, flood: Flood, now: number): boolean {
  fill(bucket, flood, now);
  bucket.tokens -= cost;
  return bucket.tokens > -flood.burst;
}
