/** FNV-1a, 32 bits. @see draft-eastlake-fnv section 2. */
const OFFSET_BASIS = 0x811c_9dc5;
const PRIME = 0x0100_0193;

/**
 * Where in its interval a stream's due time lies: 0 up to 1, the same for the same key at every start, so that
 * probes are spread and stay where they are over restarts and reloads.
 */
export function phaseOf(key: string): number {
  let hash = OFFSET_BASIS;
  for (const byte of Buffer.from(key)) hash = Math.imul(hash ^ byte, PRIME);
  // Neighbouring keys differ in the low bits alone; the multiplication carries them up.
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b_3c6d);
  hash ^= hash >>> 12;
  return (hash >>> 0) / 2 ** 32;
}
