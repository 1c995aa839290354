// Assertions: a broken one is our own mistake, never a peer's. It stops a test, and is contained and logged at the
// edge in production. A peer's mistake is data with a name and never comes through here.

/** A broken assertion: a fault of this program, not of its input. */
export class AssertionError extends Error {
  override name = 'AssertionError';
}

/** Throws AssertionError with `message` when `condition` is false. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Closes a switch over a union: compiles only when every case was handled. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${String(value)}`);
}
