import { closeSync, openSync, writeSync } from "node:fs";

/** Asks for a wake-up latency while it is open (Linux, Documentation/power/pm_qos_interface.rst). */
const LATENCY_DEVICE = "/dev/cpu_dma_latency";

/** Ends it. */
export type Release = () => void;

/**
 * Lets no processor core of this machine sleep, so that neither a capture nor a program pays for its waking. The
 * system takes the wish back when this process ends, however it ends.
 *
 * @returns undefined where the system does not do it.
 */
export function keepAwake(): Release | undefined {
  try {
    const descriptor = openSync(LATENCY_DEVICE, "w");
    // Microseconds, 32 bits.
    writeSync(descriptor, new Uint8Array(4));
    return () => closeSync(descriptor);
  } catch {
    return undefined;
  }
}
