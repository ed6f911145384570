import assert from "node:assert/strict";
import type { SocketProfile } from "../../src/icmp/echo.ts";
import { startEngine } from "../../src/icmp/engine.ts";
import type { Engine, StreamOrder } from "../../src/icmp/engine-contract.ts";
import { engineOptions } from "../../src/icmp/options.ts";
import { familyOf } from "../../src/runtime/address.ts";
import { type Logger, silentLog } from "../../src/runtime/log.ts";

export const ENGINE_OPTIONS = engineOptions.parse({});

/** A socket for this address with nothing special about it. */
export function plainProfile(address: string): SocketProfile {
  return {
    family: familyOf(address) ?? "ipv4",
    source: undefined,
    interface: undefined,
    mark: 0,
    dscp: 0,
    hopLimit: 64,
    isFragmentingForbidden: false,
  };
}

/** Twenty echoes a second to this address. */
export function streamTo(address: string, changed: Partial<StreamOrder> = {}): StreamOrder {
  return {
    address,
    profile: plainProfile(address),
    intervalSeconds: 0.05,
    timeoutSeconds: 1,
    payloadBytes: 28,
    echoesPerInterval: 1,
    echoSpacingSeconds: 0,
    lossWindowSeconds: 60,
    fast: undefined,
    bucketBoundsSeconds: undefined,
    phase: 0,
    ...changed,
  };
}

/** Runs a test on an engine that is stopped afterwards, whatever happens; a fault fails the test. */
export async function withEngine(
  use: (engine: Engine) => Promise<void>,
  log: Logger = silentLog,
): Promise<void> {
  const faults: Error[] = [];
  const engine = await startEngine({
    engine: ENGINE_OPTIONS,
    log,
    onFault: (error) => faults.push(error),
  });
  try {
    await use(engine);
  } finally {
    await engine.stop();
  }
  assert.deepEqual(faults, []);
}

/** One echo, now. */
export function echoOrder(address: string, timeoutSeconds = 5): Parameters<Engine["echo"]>[0] {
  return { address, profile: plainProfile(address), payloadBytes: 28, timeoutSeconds };
}
