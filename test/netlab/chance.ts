/**
 * A number from 0 (in) to 1 (out) that depends on its four arguments and nothing else.
 *
 * No state: what happens to one echo does not depend on how many others were seen, so the same seed
 * gives the same losses however the packets of different hosts interleave.
 */
export function chance(seed: number, host: string, purpose: string, ordinal: number): number {
  let hash = mixed(0x9e37_79b9 ^ seed);
  for (const text of [host, purpose]) {
    for (let at = 0; at < text.length; at += 1) hash = mixed(hash ^ text.charCodeAt(at));
    hash = mixed(hash ^ 0x1_0000);
  }
  return mixed(hash ^ ordinal) / 0x1_0000_0000;
}

/** The finalizer of MurmurHash3: every input bit changes every output bit with probability half. */
function mixed(value: number): number {
  let hash = value >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  hash = (hash ^ (hash >>> 16)) + 0x9e37_79b9;
  return hash >>> 0;
}
