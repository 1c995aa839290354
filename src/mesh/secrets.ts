// Secrets and chance, as the mesh asks for them: macs with the network's secret, and numbers nobody can guess. How
// they are made is the edge's business; nothing here, and nobody in the mesh, ever sees a secret.

/** Macs with the secret that all servers of a network share. */
export interface Secrets {
  /** HMAC-SHA-256 of `text` with the first secret: 64 lower-case hex digits. */
  mac(text: Uint8Array): string;
  /** Whether `mac` is one of `text` with any secret that counts at present. Takes equally long for every wrong one. */
  verify(text: Uint8Array, mac: string): boolean;
}

/** Where chance comes from. */
export interface Chance {
  /** A number in [0, 1): spreads what would happen everywhere at once. Need not be hard to guess. */
  random(): number;
  /** A text never given before and impossible to guess: 16 to 64 letters and digits. */
  nonce(): string;
}
