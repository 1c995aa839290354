// Macs of the simulated world: keyed, of the right form, and cheap. Nobody in it computes collisions; what is checked is
// that whoever does not have the key gets nowhere, not how hard the key is to guess.

/** 64 hex digits from a key and a text. */
export function macOf(key: string, text: Uint8Array): string {
  const seed = Bun.hash(key) as bigint;
  let mac = '';
  for (let i = 0n; i < 4n; i++) mac += (Bun.hash(text, seed + i) as bigint).toString(16).padStart(16, '0');
  return mac;
}
