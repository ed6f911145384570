import assert from "node:assert/strict";
import { test } from "node:test";
import { type DoctorSurroundings, doctor } from "../../src/cli/doctor.ts";
import type { SelfTest } from "../../src/icmp/diagnosis/self-test.ts";
import type { SystemFacts } from "../../src/icmp/diagnosis/system-facts.ts";
import { facts, family, ordinaryFacts } from "../icmp/diagnosis/diagnosis-facts.ts";
import { assertGolden } from "../support/golden.ts";
import { fakeScreen } from "./fake-screen.ts";

type Result = SelfTest["result"];
const answered: Result = {
  kind: "answered",
  rttSeconds: 0.000_016_5,
  transport: "raw",
  isKernelStamped: true,
};

async function run(given: SystemFacts, result: Result = answered, ...argv: readonly string[]) {
  const screen = fakeScreen({ isTerminal: false });
  const surroundings: DoctorSurroundings = {
    readFacts: async () => given,
    selfTests: async (families) =>
      families.map((of) => ({
        family: of,
        address: of === "ipv4" ? "127.0.0.1" : "::1",
        result,
      })),
    version: "1.2.3",
    platform: "Linux 6.12 x64",
  };
  const code = await doctor(argv, screen, surroundings);
  return { code, out: screen.out(), err: screen.err() };
}

test("doctor() of a machine on which all works finds nothing to do", async () => {
  const { code, out } = await run(facts());
  assert.equal(code, 0);
  assert.doesNotMatch(out, /FAIL|—|Remedy/);
  assertGolden("test/cli/golden/doctor-fine.txt", out);
});

test("doctor() of an ordinary user names what is in the way of better transports, and every remedy", async () => {
  const byPing: Result = { ...answered, transport: "ping", isKernelStamped: false };
  const { code, out } = await run(
    { ...ordinaryFacts, receiveBuffer: { wantedBytes: 8_388_608, grantedBytes: 212_992 } },
    byPing,
  );
  assert.equal(code, 0);
  assertGolden("test/cli/golden/doctor-ordinary.txt", out);
});

test("doctor() of a machine without IPv6 does not miss it", async () => {
  const ipv6 = { ...family(), hasAddress: false };
  const { code, out } = await run(facts({ families: { ipv4: family(), ipv6 } }));
  assert.equal(code, 0);
  assert.match(out, /ICMP over IPv6\n {2}— +none +no interface has an IPv6 address\n/);
});

test("doctor() does not call well what its own echo did not prove", async () => {
  const { code, out } = await run(facts(), { kind: "failed", why: "no answer within 2 s" });
  assert.equal(code, 1);
  assert.match(out, /FAIL {2}echo +no answer within 2 s/);
});

test("doctor() --json holds the same, and the exit code too", async () => {
  const { code, out } = await run(ordinaryFacts, { kind: "failed", why: "no socket" }, "--json");
  assert.equal(code, 1);
  assertGolden("test/cli/golden/doctor.json.txt", out);
  JSON.parse(out);
});

test("doctor() --help and wrong use", async () => {
  assert.match((await run(facts(), answered, "--help")).out, /^Usage: sounder doctor/);
  const { code, out, err } = await run(facts(), answered, "now");
  assert.deepEqual([code, out], [2, ""]);
  assert.match(err, /^sounder doctor: .*now.*\nTry "sounder doctor --help"\.\n$/s);
});
