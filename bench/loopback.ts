/** Last bytes used, so that no address ends in 0 or 255. */
const LAST_BYTES = 250;
const THIRD_BYTES = 256;
/** From 127.1 to 127.254, short of the broadcast address of the loopback network. */
const MAX_ADDRESSES = 254 * THIRD_BYTES * LAST_BYTES;

/** Different addresses of 127.0.0.0/8, all of which answer on Linux and none of which leaves the machine. */
export function loopbackAddresses(count: number): readonly string[] {
  if (count > MAX_ADDRESSES) {
    throw new Error(`Cannot give ${count} loopback addresses: at most ${MAX_ADDRESSES} are used`);
  }
  return Array.from({ length: count }, (_, index) => {
    const third = Math.floor(index / LAST_BYTES) % THIRD_BYTES;
    const second = 1 + Math.floor(index / (LAST_BYTES * THIRD_BYTES));
    return `127.${second}.${third}.${1 + (index % LAST_BYTES)}`;
  });
}
