// Outcomes: what the ordering of a room answers to those who ask it for something. The vocabulary that chat (which
// turns an outcome into a frame) and order (which decides it) share without knowing each other.

/** The message is decided and committed. */
export const SENT = 0;
/** The answer comes later. */
export const WAITING = 1;
/** The same id with the same text was sent before: the first one's slot counts. */
export const SENT_BEFORE = 2;
/** The id was used for another text. */
export const ID_REUSED = 3;
/** There is no live reservation of this holder for that number. */
export const EXPIRED = 4;
/** The room cannot take it now; nothing was decided. */
export const UNAVAILABLE = 5;
export type SendOutcome =
  | typeof SENT
  | typeof WAITING
  | typeof SENT_BEFORE
  | typeof ID_REUSED
  | typeof EXPIRED
  | typeof UNAVAILABLE;

/** The answer to a request for a number: the live reservation, or why there is none. */
export type ReserveOutcome =
  | { readonly kind: 'reserved'; readonly seq: number; readonly ttlMs: number }
  /** Too many reservations in the room, or the holder left one unused and has to wait. */
  | { readonly kind: 'refused'; readonly retryMs: number }
  | { readonly kind: 'unavailable' };

/** The answer to a question for one slot. */
export type FindOutcome =
  /** Decided: its frame is bytes[start, end), valid until the room's next append. */
  | { readonly kind: 'slot'; readonly bytes: Uint8Array; readonly start: number; readonly end: number }
  /** Reserved, and its holder is still there: `ms` of its time are left. */
  | { readonly kind: 'pending'; readonly ms: number }
  /** Kept no longer: everything below `floor` may be. */
  | { readonly kind: 'gone'; readonly floor: number }
  /** Not given out yet. */
  | { readonly kind: 'never' };
