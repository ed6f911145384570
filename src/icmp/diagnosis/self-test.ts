import type { AddressFamily } from "../../runtime/address.ts";
import type { EchoOutcome } from "../echo.ts";
import type { Engine } from "../engine-contract.ts";

/** What one echo of the engine to this machine itself came to. */
export type SelfTest = {
  readonly family: AddressFamily;
  readonly address: string;
  readonly result:
    | {
        readonly kind: "answered";
        readonly rttSeconds: number;
        readonly transport: string;
        /** Whether the round-trip time is from the kernel's stamps at both ends. */
        readonly isKernelStamped: boolean;
      }
    /** A sentence without a full stop. */
    | { readonly kind: "failed"; readonly why: string };
};

/** What of an engine is tested. */
export type TestedEngine = Pick<Engine, "state" | "problem" | "echo" | "figures">;

const LOOPBACK = { ipv4: "127.0.0.1", ipv6: "::1" } as const;
const TIMEOUT_SECONDS = 2;

/** Sends one echo to the loopback address of each family, through an engine as the agent starts it. */
export async function testEngine(
  engine: TestedEngine,
  families: readonly AddressFamily[],
): Promise<readonly SelfTest[]> {
  const tests: SelfTest[] = [];
  for (const family of families) {
    tests.push({ family, address: LOOPBACK[family], result: await testFamily(engine, family) });
  }
  return tests;
}

async function testFamily(
  engine: TestedEngine,
  family: AddressFamily,
): Promise<SelfTest["result"]> {
  try {
    if (engine.state !== "running") {
      return { kind: "failed", why: engine.problem ?? `the engine is ${engine.state}` };
    }
    const before = await engine.figures();
    const outcome = await engine.echo({
      address: LOOPBACK[family],
      profile: {
        family,
        source: undefined,
        interface: undefined,
        mark: 0,
        dscp: 0,
        hopLimit: 64,
        isFragmentingForbidden: false,
      },
      payloadBytes: 56,
      timeoutSeconds: TIMEOUT_SECONDS,
    });
    if (outcome.kind !== "answered") return { kind: "failed", why: failureText(outcome) };
    const after = await engine.figures();
    const own = after.families.find((figures) => figures.family === family);
    return {
      kind: "answered",
      rttSeconds: outcome.rttSeconds,
      transport: own?.transport ?? "unknown",
      isKernelStamped:
        own?.transmitStamp === "kernel" && after.stampsMissing === before.stampsMissing,
    };
  } catch (error) {
    return { kind: "failed", why: error instanceof Error ? error.message : String(error) };
  }
}

function failureText(outcome: Exclude<EchoOutcome, { readonly kind: "answered" }>): string {
  switch (outcome.kind) {
    case "lost":
      return `no answer within ${TIMEOUT_SECONDS} s: does a packet filter drop ICMP on the loopback interface?`;
    case "suspect":
      return `no answer was seen, and this program may have lost it itself (${outcome.cause})`;
    case "unsent":
      return `the kernel refused to send: ${outcome.errno}`;
  }
}
