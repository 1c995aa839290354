// The roles that a server plays in the ordering of a room, and which may follow which.

export type Role =
  /** It decides, and streams what it decided. */
  | 'home'
  /** It keeps a copy of what the home decides, as far as it has heard. */
  | 'follower'
  /** It has asked the others to seal what is older, to open an epoch of its own. */
  | 'electing'
  /** It has promised, or stood still, and decides nothing until it hears who does. */
  | 'frozen';

export const MOVES: Readonly<Record<Role, readonly Role[]>> = {
  home: ['electing', 'frozen'],
  follower: ['electing', 'frozen'],
  electing: ['home', 'follower', 'frozen'],
  frozen: ['home', 'follower', 'electing'],
};
