import assert from "node:assert/strict";
import { test } from "node:test";
import type { PingOptions } from "../../src/batch/ping.ts";
import { settingsOf } from "../../src/batch/settings.ts";

test("settingsOf() without options gives the documented defaults", () => {
  assert.deepEqual(settingsOf(["::1"], {}), {
    count: 4,
    spacingSeconds: 1,
    timeoutSeconds: 1,
    payloadBytes: 56,
    dscp: 0,
    echoesPerSecond: 5_000,
    source: undefined,
    family: undefined,
  });
});

test("a source settles the family", () => {
  assert.equal(settingsOf([], { source: "192.0.2.1" }).family, "ipv4");
  assert.equal(settingsOf([], { source: "2001:db8::1" }).family, "ipv6");
});

test("undefined is as good as left out", () => {
  assert.equal(settingsOf([], { count: undefined, signal: undefined }).count, 4);
});

const wrong: readonly { name: string; options: unknown; names?: unknown; says: RegExp }[] = [
  {
    name: "no echo",
    options: { count: 0 },
    says: /count must be a whole number from 1 to 1000000 echoes, found the number 0/,
  },
  { name: "half an echo", options: { count: 1.5 }, says: /count must be a whole number/ },
  { name: "endless echoes", options: { count: Number.POSITIVE_INFINITY }, says: /count must be/ },
  { name: "a count in text", options: { count: "4" }, says: /found the text "4"/ },
  {
    name: "no spacing",
    options: { spacingSeconds: 0 },
    says: /spacingSeconds must be a number from 0\.001 to 86400 seconds/,
  },
  { name: "NaN", options: { timeoutSeconds: Number.NaN }, says: /timeoutSeconds must be/ },
  {
    name: "a timeout beyond a minute",
    options: { timeoutSeconds: 61 },
    says: /from 0\.001 to 60 seconds/,
  },
  {
    name: "a payload beyond a packet",
    options: { payloadBytes: 65_508 },
    says: /payloadBytes .* 65507 bytes/,
  },
  {
    name: "seven bits of dscp",
    options: { dscp: 64 },
    says: /dscp must be a whole number from 0 to 63,/,
  },
  {
    name: "a rate beyond what is held",
    options: { echoesPerSecond: 1e6 },
    says: /from 1 to 10000 a second/,
  },
  {
    name: "a source that is a name",
    options: { source: "eth0" },
    says: /source "eth0" is not an IP address: write an address of this machine/,
  },
  {
    name: "a source of another family",
    options: { source: "::1", family: "ipv4" },
    says: /source ::1 is no ipv4 address/,
  },
  {
    name: "another family",
    options: { family: "ip4" },
    says: /family must be "ipv4" or "ipv6", found the text "ip4"/,
  },
  {
    name: "one name instead of a list",
    names: "localhost",
    options: {},
    says: /must be a list of names/,
  },
  { name: "a name that is no text", names: [1], options: {}, says: /must be a list of names/ },
  {
    name: "too many names",
    names: Array.from({ length: 100_001 }, () => "::1"),
    options: {},
    says: /at most 100000 fit/,
  },
  {
    name: "more echoes than are kept",
    names: Array.from({ length: 11 }, () => "::1"),
    options: { count: 1_000_000 },
    says: /use fewer names or a smaller count/,
  },
];

for (const { name, options, names = ["::1"], says } of wrong) {
  test(`settingsOf() refuses ${name} with a sentence`, () => {
    assert.throws(() => settingsOf(names as string[], options as PingOptions), says);
  });
}
