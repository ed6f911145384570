import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { enterOwnNetwork } from "../support/own-network.ts";
import { MAIN, runProgram } from "./by-hand.ts";

/** Of its own: no group may open a ping socket in a fresh network namespace, whatever the machine allows. */
const skip = (await enterOwnNetwork()) ?? false;

const NOBODY = 65_534;
const setpriv = (...flags: readonly string[]): readonly string[] => [
  "setpriv",
  ...flags,
  process.execPath,
  MAIN,
  "doctor",
];
const AS_NOBODY = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];

test("sounder doctor as root finds raw sockets with kernel stamps for both families", {
  skip,
}, async () => {
  const { code, stdout, stderr } = await runProgram([process.execPath, MAIN, "doctor"]);
  assert.deepEqual([code, stderr], [0, ""]);
  for (const [family, address] of [
    ["IPv4", "127.0.0.1"],
    ["IPv6", "::1"],
  ]) {
    assert.ok(stdout.includes(`ICMP over ${family}: raw is best here\n  OK    raw `), stdout);
    const answered = new RegExp(
      `OK {4}echo +${address} answered in .* stamped by the kernel at both`,
    );
    assert.match(stdout, answered);
  }
});

test("as an ordinary user it names both remedies, and the one for ping sockets works as it is written", {
  skip,
}, async () => {
  const { stdout } = await runProgram(setpriv(...AS_NOBODY));
  assert.match(stdout, /FAIL {2}raw +this process runs as user 65534 without CAP_NET_RAW\n/);
  assert.match(stdout, /FAIL {2}dgram +net\.ipv4\.ping_group_range allows no group, /);
  assert.ok(stdout.includes(`sudo setcap cap_net_raw+ep ${process.execPath}\n`), stdout);
  const [, remedy = ""] = /^ +sudo (sysctl -w net\.ipv4\.ping_group_range=.*)$/m.exec(stdout) ?? [];
  assert.equal(remedy, `sysctl -w net.ipv4.ping_group_range="${NOBODY} ${NOBODY}"`);

  execFileSync("sh", ["-c", `PATH="$PATH:/usr/sbin:/sbin" ${remedy}`]);
  const after = await runProgram(setpriv(...AS_NOBODY));
  assert.match(after.stdout, /ICMP over IPv4: dgram is best here\n/);
  assert.match(after.stdout, /ICMP over IPv6: dgram is best here\n/);
});

test("as root without the capability it says who took it, and fails unless something else works", {
  skip,
}, async () => {
  const { stdout } = await runProgram(
    setpriv("--bounding-set=-net_raw", "--inh-caps=-net_raw", "--ambient-caps=-all"),
  );
  assert.match(
    stdout,
    /FAIL {2}raw +CAP_NET_RAW was taken from this process and whatever it starts/,
  );
  assert.match(stdout, /--cap-add=NET_RAW/);
});

test("--json is one object with a verdict for each family", { skip }, async () => {
  const { code, stdout } = await runProgram([process.execPath, MAIN, "doctor", "--json"]);
  assert.equal(code, 0);
  const { families } = JSON.parse(stdout) as { families: { family: string; chosen: string }[] };
  assert.deepEqual(
    families.map(({ family, chosen }) => [family, chosen]),
    [
      ["ipv4", "raw"],
      ["ipv6", "raw"],
    ],
  );
});
