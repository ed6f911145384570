import { FAILURE_REASONS } from "../probe/prober.ts";

/**
 * Every reason that a target in the list may have: those of probes, among them the loss reasons, and `unsent` for
 * echoes that never left this machine.
 */
export const TARGET_REASONS = [...FAILURE_REASONS, "unsent"] as const;
export type TargetReason = (typeof TARGET_REASONS)[number];
