// A violation: one thing that must always hold and did not, and where in the run that shows.

export interface Violation {
  /** Its name in the house: O1 … O11, C4, S1, or a word for what has no number. */
  readonly invariant: string;
  /** Milliseconds since the beginning. */
  readonly at: number;
  readonly what: string;
}
