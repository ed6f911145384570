import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_TARGET_BYTES, targetProblem } from "../../src/target/options.ts";

const fine = [
  "192.0.2.1",
  "192.0.2.1:80",
  "2001:db8::1",
  "[2001:db8::1]:443",
  "fe80::1%eth0",
  "dns.example.net",
  "bücher.example",
  "https://www.example.net/@user?mail=a@b",
  "www.example.net/@user",
  "a".repeat(MAX_TARGET_BYTES),
];

for (const target of fine) {
  test(`targetProblem() has nothing against ${target.slice(0, 40)}`, () => {
    assert.equal(targetProblem(target), undefined);
  });
}

const wrong = [
  { name: "an empty text", target: "", says: /must not be empty/ },
  { name: "a password", target: "https://u:hunter2@www.example.net/", says: /no user or password/ },
  { name: "a user", target: "u@www.example.net", says: /no user or password/ },
  {
    name: "a password with a space",
    target: "https://u:hunter2 x@www.example.net/",
    says: /no user/,
  },
  { name: "two targets in one", target: "192.0.2.1 192.0.2.2", says: /holds a space/ },
  { name: "a line feed", target: "192.0.2.1\n", says: /holds a space/ },
  { name: "a control character", target: "a\u0000b", says: /control character/ },
  { name: "a scheme alone", target: "https:///path", says: /has no host/ },
  { name: "a byte too many", target: "a".repeat(MAX_TARGET_BYTES + 1), says: /at most 2048 bytes/ },
];

for (const { name, target, says } of wrong) {
  test(`targetProblem() refuses ${name}`, () => {
    assert.match(targetProblem(target) ?? "", says);
    assert.doesNotMatch(targetProblem(target) ?? "", /hunter2|\n/);
  });
}
