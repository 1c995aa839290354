// A fault: whatever was thrown by mistake of ours, in words for the log. Its stack says where; a value that is no error
// has none.

/** What the log says of a fault. */
export function describeFault(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
