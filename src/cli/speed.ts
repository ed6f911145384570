import { setFlagsFromString } from "node:v8";

/**
 * Lets V8 compile for speed from here on.
 *
 * The entry's first line starts it with `--optimize-for-size`: reading the code and the configuration makes much garbage
 * once. What runs for months afterwards needs inlining, without which a request for `/probe` takes twice the CPU
 * (docs/decisions/0010-flags-of-the-entry.md).
 */
export function compileForSpeed(): void {
  setFlagsFromString("--no-optimize-for-size");
}
