import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { importSmokeping } from "../../src/config/import-smokeping.ts";
import { parseConfig } from "../../src/config/parse-config.ts";
import { packageRoot } from "../support/golden.ts";

const fixture = readFileSync(
  join(packageRoot(), "test/config/import/smokeping_prober.yml"),
  "utf8",
);

function imported(text: string) {
  const result = importSmokeping(text);
  assert.ok(result.kind === "imported", JSON.stringify(result));
  const parsed = parseConfig(result.text);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return { ...result, config: parsed.value };
}

test("importSmokeping() makes a group of each list of hosts that can be taken", () => {
  const { config } = imported(fixture);
  assert.deepEqual(
    config.groups.map(({ name, intervalSeconds, modules, targets }) => [
      name,
      intervalSeconds,
      modules.join(),
      targets.map(({ target }) => target).join(" "),
    ]),
    [
      ["smokeping-1", 1, "smokeping", "gateway.example.net 192.0.2.1"],
      ["smokeping-2", 1.5, "smokeping_2", "v6.example.net"],
      ["smokeping-3", 1, "smokeping_3", "192.0.2.7"],
      ["smokeping-4", 1, "smokeping", "192.0.2.8"],
      ["smokeping-9", 1, "smokeping_5", "192.0.2.12"],
    ],
  );
});

test("importSmokeping() makes an icmp module of each way to ping", () => {
  const { config } = imported(fixture);
  const icmp = (name: string) => {
    const options = config.modules[name]?.icmp;
    return [
      options?.preferred_ip_protocol,
      options?.ip_protocol_fallback,
      options?.source_ip_address,
      options?.payload_size,
      options?.dscp,
    ];
  };
  assert.deepEqual(icmp("smokeping"), ["ip4", true, "127.0.1.1", 56, 0]);
  assert.deepEqual(icmp("smokeping_2"), ["ip6", false, undefined, 56, 46]);
  assert.deepEqual(icmp("smokeping_3"), ["ip4", false, undefined, 56, 46]);
});

test("importSmokeping() keeps labels as they were written", () => {
  const { config } = imported(fixture);
  assert.deepEqual(config.groups[1]?.targets[0]?.labels, { site: "north", rack: "07" });
  assert.deepEqual(config.groups[4]?.targets[0]?.labels, { zone: "a" });
});

test("importSmokeping() tells everything it does not take, above and beside", () => {
  const { notes, text } = imported(fixture);
  const wanted = [
    /^targets\[2\]: colour, which smokeping_prober does not know either$/,
    /^targets\[2\]: protocol: udp, which is ICMP by an unprivileged socket/,
    /^targets\[2\]: the last two bits of tos 0xb9/,
    /^targets\[4\]: none of it, because it has no hosts$/,
    /^targets\[5\]: none of it, because its interval "soon" is not a duration$/,
    /^targets\[6\]: none of it, because its network "tcp" is none of ip, ip4 and ip6$/,
    /^targets\[8\]: a label: label name "target" is reserved/,
    /^module "smokeping_4": payload_size: must be at most 65507/,
    /^group "smokeping-8": module "smokeping_4" does not exist/,
  ];
  assert.equal(notes.length, wanted.length);
  for (const [at, pattern] of wanted.entries()) assert.match(notes[at] ?? "", pattern);
  for (const note of notes) assert.ok(text.includes(`# - ${note}\n`), note);
});

const classes = [
  { tos: "46", dscp: 11 },
  { tos: "0xb8", dscp: 46 },
  { tos: "0b10111000", dscp: 46 },
  { tos: "0o270", dscp: 46 },
  { tos: "0270", dscp: 46 },
  { tos: "255", dscp: 63 },
] as const;

for (const { tos, dscp } of classes) {
  test(`importSmokeping() reads tos ${tos} as Go does`, () => {
    const { config } = imported(`targets: [{hosts: [192.0.2.1], tos: ${tos}}]`);
    assert.equal(config.modules["smokeping"]?.icmp.dscp, dscp);
  });
}

const unusable = [
  { name: "an empty text", text: "" },
  { name: "no YAML", text: "targets: [" },
  { name: "no targets", text: "hosts: [a]" },
  { name: "only what is flawed", text: "targets: [{hosts: [a], tos: 256}]" },
  { name: "only hosts that are none", text: "targets: [{hosts: ['a b'], size: 56000000}]" },
  { name: "entries that are no mappings", text: "targets: [192.0.2.1, 7]" },
] as const;

for (const { name, text } of unusable) {
  test(`importSmokeping() of ${name} is of no use, and says why`, () => {
    const result = importSmokeping(text);
    assert.ok(result.kind === "unusable");
    assert.ok(result.problems.length + result.notes.length > 0);
  });
}
