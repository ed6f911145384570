import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePingFlags } from "../../src/cli/ping-flags.ts";

const DEFAULTS = {
  count: Number.POSITIVE_INFINITY,
  spacingSeconds: 1,
  timeoutSeconds: 1,
  payloadBytes: 56,
  dscp: 0,
  echoesPerSecond: 5_000,
  source: undefined,
  family: undefined,
};

const good = [
  { name: "one host", argv: ["::1"], names: ["::1"], settings: {} },
  { name: "several hosts, one twice", argv: ["a", "b", "a"], names: ["a", "b", "a"], settings: {} },
  {
    name: "short flags",
    argv: ["-c", "3", "-i", "0.2", "-t", "500ms", "-4", "a"],
    names: ["a"],
    settings: { count: 3, spacingSeconds: 0.2, timeoutSeconds: 0.5, family: "ipv4" },
  },
  {
    name: "short flags without a space",
    argv: ["-c3", "-i.5", "a"],
    names: ["a"],
    settings: { count: 3, spacingSeconds: 0.5 },
  },
  {
    name: "long flags",
    argv: ["--count=2", "--interval=1m", "--timeout=2", "--ipv6", "--size=0", "--dscp=46", "a"],
    names: ["a"],
    settings: {
      count: 2,
      spacingSeconds: 60,
      timeoutSeconds: 2,
      family: "ipv6",
      payloadBytes: 0,
      dscp: 46,
    },
  },
  { name: "flags behind the hosts", argv: ["a", "-c", "1"], names: ["a"], settings: { count: 1 } },
  {
    name: "a source, which settles the family",
    argv: ["--source", "192.0.2.1", "a"],
    names: ["a"],
    settings: { source: "192.0.2.1", family: "ipv4" },
  },
  { name: "hosts behind a double hyphen", argv: ["--", "-a"], names: ["-a"], settings: {} },
] as const;

for (const { name, argv, names, settings } of good) {
  test(`parsePingFlags() takes ${name}`, () => {
    assert.deepEqual(parsePingFlags(argv), {
      kind: "ping",
      names,
      isJson: false,
      settings: { ...DEFAULTS, ...settings },
    });
  });
}

test("parsePingFlags() takes --json, and --help before everything else", () => {
  const request = parsePingFlags(["--json", "a"]);
  assert.equal(request.kind === "ping" && request.isJson, true);
  assert.deepEqual(parsePingFlags(["-h"]), { kind: "help" });
});

const wrong = [
  { name: "no host", argv: [], says: /^no host is given: write for example sounder ping ::1$/ },
  { name: "an unknown flag", argv: ["--flood", "a"], says: /--flood/ },
  {
    name: "no echo",
    argv: ["-c0", "a"],
    says: /^--count=0 is not understood: write a whole number from 1 to 1000000 echoes$/,
  },
  { name: "a count in words", argv: ["-c", "many", "a"], says: /^--count=many is not understood/ },
  { name: "half an echo", argv: ["-c", "1.5", "a"], says: /^--count=1\.5 is not understood/ },
  { name: "a hexadecimal count", argv: ["-c", "0x10", "a"], says: /^--count=0x10/ },
  {
    name: "an interval without sense",
    argv: ["-i", "3x", "a"],
    says: /write a number from 0\.001 to 86400 seconds, or a duration such as 200ms$/,
  },
  { name: "no interval", argv: ["-i", "0", "a"], says: /^--interval=0 / },
  {
    name: "a timeout beyond a minute",
    argv: ["-t", "2m", "a"],
    says: /^--timeout=2m .* 60 seconds/,
  },
  { name: "both families", argv: ["-4", "-6", "a"], says: /^-4 and -6 exclude one another/ },
  {
    name: "a size beyond a packet",
    argv: ["--size=65508", "a"],
    says: /^--size=65508 .* 0 to 65507 bytes$/,
  },
  { name: "a dscp of seven bits", argv: ["--dscp=64", "a"], says: /^--dscp=64 .* 0 to 63$/ },
  {
    name: "a source that is no address",
    argv: ["--source=eth0", "a"],
    says: /^--source "eth0" is not an IP address/,
  },
  {
    name: "a source of another family",
    argv: ["-6", "--source=192.0.2.1", "a"],
    says: /^--source 192\.0\.2\.1 is no ipv6 address/,
  },
  {
    name: "too many hosts",
    argv: Array.from({ length: 100_001 }, () => "a"),
    says: /at most 100000 at once/,
  },
];

for (const { name, argv, says } of wrong) {
  test(`parsePingFlags() refuses ${name} with a sentence`, () => {
    const request = parsePingFlags(argv);
    assert.ok(request.kind === "wrong");
    assert.match(request.sentence, says);
  });
}
