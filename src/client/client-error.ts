// Why something asked of the client did not happen: the server's own error, or one of the client's.

/** The client's own reasons. Errors of the server keep their names (`ERR_…`). */
export type LocalCode =
  /** No answer came in time. */
  | 'TIMEOUT'
  /** The connection was lost before the answer. */
  | 'DISCONNECTED'
  /** The client has quit, was killed, or gave up for good. */
  | 'CLOSED'
  /** Too much is unanswered already. */
  | 'QUEUE_FULL'
  /** Not joined, or about to leave. */
  | 'NOT_IN_ROOM'
  /** It cannot be put in a frame: empty, too long, or with a NUL in it. */
  | 'BAD_ARGUMENT'
  /** Refused for now, while messages behind it were accepted: it could only come out of order. */
  | 'OVERTAKEN'
  /** Whoever asked for it gave it up. */
  | 'ABORTED'
  /** It was sent, and nobody can say any more whether it arrived. */
  | 'UNKNOWN_OUTCOME';

/**
 * Why something did not happen, for programs.
 *
 * @example
 * const code: ErrorCode = 'ERR_NOSUCHROOM';
 * await chat.join('nowhere').catch((error) => console.assert(error.code === code));
 */
export type ErrorCode = LocalCode | `ERR_${string}`;

const MOMENTARY: ReadonlySet<string> = new Set([
  'TIMEOUT',
  'DISCONNECTED',
  'QUEUE_FULL',
  'OVERTAKEN',
  'ERR_FLOODING',
  'ERR_ROOMUNAVAILABLE',
  'ERR_SERVERFULL',
]);

/**
 * Something that was asked of the client did not happen.
 *
 * @example
 * try {
 *   await chat.join('nowhere');
 * } catch (error) {
 *   if (error instanceof ClientError) console.log(error.code, error.retriable, error.outcomeUnknown, error.message);
 * }
 */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly code: ErrorCode;
  /** Whether the same may work later. */
  readonly retriable: boolean;
  /** Whether it may have happened all the same. */
  readonly outcomeUnknown: boolean;

  constructor(code: ErrorCode, message: string, outcomeUnknown = false) {
    super(message);
    this.code = code;
    this.retriable = MOMENTARY.has(code) && !outcomeUnknown;
    this.outcomeUnknown = outcomeUnknown;
  }
}
