import assert from "node:assert/strict";
import { test } from "node:test";
import { parseProbeFlags } from "../../src/cli/probe-flags.ts";

const DEFAULTS = {
  target: "www.example.net",
  moduleName: "http_2xx",
  configFile: undefined,
  hostname: "",
  timeoutSeconds: undefined,
  logLevel: "info",
};

const orders = [
  { name: "a target alone", argv: ["www.example.net"], want: {} },
  {
    name: "a module",
    argv: ["--module", "icmp", "www.example.net"],
    want: { moduleName: "icmp" },
  },
  {
    name: "a file",
    argv: ["--config.file=a.yml", "www.example.net"],
    want: { configFile: "a.yml" },
  },
  {
    name: "a hostname behind the target",
    argv: ["www.example.net", "--hostname=a.example.net"],
    want: { hostname: "a.example.net" },
  },
  { name: "seconds", argv: ["--timeout=0.2", "www.example.net"], want: { timeoutSeconds: 0.2 } },
  { name: "a duration", argv: ["--timeout=1m", "www.example.net"], want: { timeoutSeconds: 60 } },
  { name: "a level", argv: ["--log.prober=debug", "www.example.net"], want: { logLevel: "debug" } },
  { name: "a target like a flag", argv: ["--", "--x"], want: { target: "--x" } },
] as const;

for (const { name, argv, want } of orders) {
  test(`parseProbeFlags() of ${name}`, () => {
    assert.deepEqual(parseProbeFlags(argv), { kind: "probe", order: { ...DEFAULTS, ...want } });
  });
}

const wrong = [
  { name: "no target", argv: [], says: /^no target is given: write for example/ },
  { name: "an empty target", argv: [""], says: /^no target is given/ },
  { name: "two targets", argv: ["a", "b"], says: /^one target at a time: "b" is one too many$/ },
  { name: "an unknown flag", argv: ["--modul", "x", "a"], says: /'--modul'/ },
  { name: "no time", argv: ["--timeout=0", "a"], says: /^--timeout=0 is not understood: write/ },
  { name: "too much time", argv: ["--timeout=2h", "a"], says: /up to 1h$/ },
  { name: "an unknown level", argv: ["--log.prober=all", "a"], says: /write debug, info/ },
  { name: "a file without a name", argv: ["--config.file=", "a"], says: /name a file/ },
] as const;

for (const { name, argv, says } of wrong) {
  test(`parseProbeFlags() of ${name} is a sentence`, () => {
    const words = parseProbeFlags(argv);
    assert.match(words.kind === "wrong" ? words.sentence : "", says);
  });
}

test("parseProbeFlags() gives help before it complains", () => {
  assert.deepEqual(parseProbeFlags(["-h"]), { kind: "help" });
});
