import assert from "node:assert/strict";
import { test } from "node:test";
import { type TestedEngine, testEngine } from "../../../src/icmp/diagnosis/self-test.ts";
import type { EchoOutcome } from "../../../src/icmp/echo.ts";
import type { EngineFigures } from "../../../src/icmp/engine-contract.ts";

/** An engine with IPv4 by raw sockets, whose echo ends as told; `missed` stamps come to be missing by it. */
function engine(outcome: EchoOutcome | Error, missed = 0): TestedEngine {
  let stampsMissing = 7;
  return {
    state: "running",
    problem: undefined,
    echo: async () => {
      stampsMissing += missed;
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
    figures: async (): Promise<EngineFigures> => ({
      families: [
        {
          family: "ipv4",
          transport: "raw",
          transmitStamp: "kernel",
          socketDrops: 0,
          receiveBufferBytes: 0,
        },
      ],
      wantedReceiveBufferBytes: 0,
      foreignPackets: 0,
      fastEchoesSkipped: 0,
      stampsMissing,
      missedTicks: 0,
      sendLag: { count: 0, sumSeconds: 0, buckets: new Float64Array() },
      suspectCauses: [],
    }),
  };
}

const answer: EchoOutcome = { kind: "answered", rttSeconds: 0.001, hopLimit: 64 };
const failure = (why: string) => ({ kind: "failed", why });

const cases = [
  {
    name: "an answer with both stamps",
    engine: engine(answer),
    want: { kind: "answered", rttSeconds: 0.001, transport: "raw", isKernelStamped: true },
  },
  {
    name: "an answer without a transmit stamp",
    engine: engine(answer, 1),
    want: { kind: "answered", rttSeconds: 0.001, transport: "raw", isKernelStamped: false },
  },
  {
    name: "no answer",
    engine: engine({ kind: "lost", explanation: undefined }),
    want: failure(
      "no answer within 2 s: does a packet filter drop ICMP on the loopback interface?",
    ),
  },
  {
    name: "a reply lost here",
    engine: engine({ kind: "suspect", cause: "socket_overflow" }),
    want: failure("no answer was seen, and this program may have lost it itself (socket_overflow)"),
  },
  {
    name: "a refusal of the kernel",
    engine: engine({ kind: "unsent", errno: "EPERM" }),
    want: failure("the kernel refused to send: EPERM"),
  },
  {
    name: "an engine that throws",
    engine: engine(new Error("no ipv4 ICMP socket")),
    want: failure("no ipv4 ICMP socket"),
  },
  {
    name: "an engine that does not run",
    engine: { ...engine(answer), state: "unavailable", problem: "koffi is missing" } as const,
    want: failure("koffi is missing"),
  },
];

for (const { name, engine: tested, want } of cases) {
  test(`testEngine() of ${name}`, async () => {
    const [found] = await testEngine(tested, ["ipv4"]);
    assert.deepEqual(found, { family: "ipv4", address: "127.0.0.1", result: want });
  });
}
