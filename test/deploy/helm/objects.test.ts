import assert from "node:assert/strict";
import { test } from "node:test";
import { type Manifest, type Map, merged, renderChart } from "./chart.ts";
import { problemsOf } from "./objects.ts";

const { manifests } = renderChart({ podMonitor: { enabled: true } });

function changed(kind: string, change: Map): Manifest {
  const manifest = manifests.find((candidate) => candidate.kind === kind);
  assert.ok(manifest !== undefined, kind);
  return { ...manifest, object: merged(manifest.object, change) };
}

const mistakes = [
  {
    name: "a misspelled field of a pod",
    kind: "DaemonSet",
    change: { spec: { template: { spec: { hostNetwrk: true } } } },
    says: [".spec.template.spec.hostNetwrk is no field"],
  },
  {
    name: "a misspelled field of the operator",
    kind: "PodMonitor",
    change: { spec: { jobLable: "x" } },
    says: [".spec.jobLable is no field"],
  },
  {
    name: "a field at the top",
    kind: "ConfigMap",
    change: { datum: {} },
    says: [".datum is no field"],
  },
  {
    name: "a label that is no text",
    kind: "Service",
    change: { metadata: { labels: { team: 1 } } },
    says: ["data/metadata/labels/team must be string"],
  },
  {
    name: "any label that is a text",
    kind: "Service",
    change: { metadata: { labels: { team: "1" } } },
    says: [],
  },
  {
    name: "another version",
    kind: "Service",
    change: {},
    apiVersion: "v2",
    says: ["v2 Service has no schema here"],
  },
] as const;

for (const { name, kind, change, says, ...more } of mistakes) {
  test(`problemsOf() judges ${name}`, () => {
    assert.deepEqual(problemsOf({ ...changed(kind, change), ...more }), says);
  });
}

test("problemsOf() names an element of a list by its index", () => {
  const object = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "a" },
    spec: { containers: [{ name: "a" }, { name: "b", imag: "c" }] },
  };
  const { apiVersion, kind, metadata } = object;
  assert.deepEqual(problemsOf({ apiVersion, kind, metadata, template: "", object }), [
    ".spec.containers[1].imag is no field",
  ]);
});
