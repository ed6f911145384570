import assert from "node:assert/strict";
import { test } from "node:test";
import { changesBetween, type InForce, meaningOf } from "../../src/agent/in-force.ts";
import type { Config } from "../../src/config/config.ts";
import { parseConfig } from "../../src/config/parse-config.ts";

function configOf(text: string): Config {
  const parsed = parseConfig(text);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.value;
}

const inForce = (text: string): InForce => meaningOf(configOf(text));

const BEFORE = `
modules:
  slow: {prober: http, timeout: 5s}
groups:
  - {name: core, modules: [icmp, slow], interval: 10s, targets: [192.0.2.1, 192.0.2.2]}
  - {name: edge, modules: [icmp], interval: 10s, targets: [192.0.2.9]}
`;

/** What a change of the file does to the streams, as `group/module/target`. */
const cases = [
  {
    name: "the same file",
    from: "10s, targets: [192.0.2.9]",
    to: "10s, targets: [192.0.2.9]",
    want: {},
  },
  {
    name: "a target more",
    from: "[192.0.2.9]",
    to: "[192.0.2.9, 192.0.2.10]",
    want: { added: ["edge/icmp/192.0.2.10"] },
  },
  {
    name: "a target less",
    from: "[192.0.2.1, 192.0.2.2]",
    to: "[192.0.2.2]",
    want: { removed: ["core/icmp/192.0.2.1", "core/slow/192.0.2.1"] },
  },
  {
    name: "another order of targets",
    from: "[192.0.2.1, 192.0.2.2]",
    to: "[192.0.2.2, 192.0.2.1]",
    want: {},
  },
  {
    name: "another interval of a group",
    from: "interval: 10s, targets: [192.0.2.9]",
    to: "interval: 5s, targets: [192.0.2.9]",
    want: { changed: ["edge/icmp/192.0.2.9"] },
  },
  {
    name: "another timeout of a module",
    from: "timeout: 5s",
    to: "timeout: 6s",
    want: { changed: ["core/slow/192.0.2.1", "core/slow/192.0.2.2"] },
  },
  {
    name: "another prober under the same name",
    from: "{prober: http, timeout: 5s}",
    to: "{prober: icmp, timeout: 5s}",
    want: {
      removed: ["core/slow/192.0.2.1", "core/slow/192.0.2.2"],
      added: ["core/slow/192.0.2.1", "core/slow/192.0.2.2"],
    },
  },
  {
    name: "other buckets, which no counter can go on with",
    from: "interval: 10s, targets: [192.0.2.9]",
    to: "interval: 10s, buckets: [1ms, 1s], targets: [192.0.2.9]",
    want: { removed: ["edge/icmp/192.0.2.9"], added: ["edge/icmp/192.0.2.9"] },
  },
  {
    name: "another label, which makes it another series",
    from: "[192.0.2.9]",
    to: "[{target: 192.0.2.9, labels: {role: a}}]",
    want: { removed: ["edge/icmp/192.0.2.9"], added: ["edge/icmp/192.0.2.9"] },
  },
] as const;

for (const { name, from, to, want } of cases) {
  test(`changesBetween() of ${name}`, () => {
    assert.ok(BEFORE.includes(from));
    const changes = changesBetween(inForce(BEFORE), inForce(BEFORE.replace(from, to)));
    const named = (kind: "removed" | "added" | "changed"): readonly string[] =>
      changes[kind]
        .map(({ group, moduleName, target }) => `${group.name}/${moduleName}/${target.target}`)
        .sort();
    const wanted: {
      removed?: readonly string[];
      added?: readonly string[];
      changed?: readonly string[];
    } = want;
    for (const kind of ["removed", "added", "changed"] as const) {
      assert.deepEqual(named(kind), wanted[kind] ?? [], kind);
    }
    const untouched = 5 - (wanted.removed?.length ?? 0) - (wanted.changed?.length ?? 0);
    assert.equal(changes.same.length, untouched);
  });
}
