import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { EchoOutcome } from "../../src/icmp/echo.ts";
import type { PingOutcome } from "../../src/probe/icmp/ping.ts";
import { pingResult } from "../../src/report/ping-result.ts";

const address = { text: "192.0.2.1", family: "ipv4" } as const;

function answered(rttSeconds: number): EchoOutcome {
  return { kind: "answered", rttSeconds, hopLimit: 57 };
}

/** As a client reads it: what is undefined is not there. */
function read(outcome: Extract<PingOutcome, { kind: "pinged" | "failed" }>) {
  return JSON.parse(JSON.stringify(pingResult("gw.example.net", outcome)));
}

const cases: readonly {
  readonly name: string;
  readonly echoes: readonly EchoOutcome[];
  readonly want: Readonly<Record<string, unknown>>;
}[] = [
  {
    name: "three answers",
    echoes: [
      answered(0.01),
      answered(0.02),
      { kind: "answered", rttSeconds: 0.03, hopLimit: undefined },
    ],
    want: {
      sent: 3,
      received: 3,
      lost: 0,
      suspect: 0,
      unsent: 0,
      lossRatio: 0,
      minSeconds: 0.01,
      avgSeconds: 0.02,
      maxSeconds: 0.03,
      stddevSeconds: 0.008164966,
      echoes: [
        { sequence: 1, kind: "answered", rttSeconds: 0.01, hopLimit: 57 },
        { sequence: 2, kind: "answered", rttSeconds: 0.02, hopLimit: 57 },
        { sequence: 3, kind: "answered", rttSeconds: 0.03 },
      ],
    },
  },
  {
    name: "silence, and an ICMP error with the router that sent it",
    echoes: [
      { kind: "lost", explanation: undefined },
      {
        kind: "lost",
        explanation: { reason: "host_unreachable", reportedBy: "192.0.2.254" },
      },
    ],
    want: {
      sent: 2,
      received: 0,
      lost: 2,
      suspect: 0,
      unsent: 0,
      lossRatio: 1,
      echoes: [
        { sequence: 1, kind: "lost" },
        { sequence: 2, kind: "lost", reason: "host_unreachable", reportedBy: "192.0.2.254" },
      ],
    },
  },
  {
    name: "what the agent did not send or may have lost, which is no loss",
    echoes: [
      { kind: "unsent", errno: "ENETUNREACH" },
      { kind: "suspect", cause: "socket_overflow" },
    ],
    want: {
      sent: 1,
      received: 0,
      lost: 0,
      suspect: 1,
      unsent: 1,
      echoes: [
        { sequence: 1, kind: "unsent", reason: "ENETUNREACH" },
        { sequence: 2, kind: "suspect", reason: "socket_overflow" },
      ],
    },
  },
];

for (const { name, echoes, want } of cases) {
  test(`pingResult() of ${name}`, () => {
    assert.deepEqual(read({ kind: "pinged", address, echoes }), {
      target: "gw.example.net",
      address: "192.0.2.1",
      family: "ipv4",
      ...want,
    });
  });
}

test("pingResult() of a name without an address says so and has sent nothing", () => {
  const detail = "gw.example.net does not exist";
  const failed = { kind: "failed", reason: "dns_nxdomain", detail, address: undefined } as const;
  assert.deepEqual(read(failed), {
    target: "gw.example.net",
    reason: "dns_nxdomain",
    error: detail,
    sent: 0,
    received: 0,
    lost: 0,
    suspect: 0,
    unsent: 0,
    echoes: [],
  });
});

test("the mean lies between the least and the most, whatever the times", () => {
  const rtt = fc.double({ min: 1e-9, max: 10, noNaN: true });
  fc.assert(
    fc.property(fc.array(rtt, { minLength: 1, maxLength: 10 }), (rtts) => {
      const echoes = rtts.map((seconds) => answered(seconds));
      const { minSeconds, avgSeconds, maxSeconds, stddevSeconds } = read({
        kind: "pinged",
        address,
        echoes,
      });
      assert.ok(minSeconds <= avgSeconds && avgSeconds <= maxSeconds);
      assert.ok(stddevSeconds >= 0 && stddevSeconds <= maxSeconds - minSeconds + 1e-9);
    }),
  );
});
