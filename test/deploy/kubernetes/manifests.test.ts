import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseRunFlags } from "../../../src/cli/run-flags.ts";
import { parseConfig } from "../../../src/config/parse-config.ts";
import { assertGolden, packageRoot } from "../../support/golden.ts";
import { CHART, type Manifest, manifestsOf, readYaml } from "../helm/chart.ts";
import { problemsOf } from "../helm/objects.ts";
import { at, neverAllowed, notRestricted, podsOf } from "../helm/pods.ts";
import { PLAIN_MANIFESTS, plainManifests } from "./plain-manifests.ts";

const FOLDER = "deploy/kubernetes";

for (const plain of PLAIN_MANIFESTS) {
  test(`${plain.name} is what the chart gives (written anew with UPDATE_GOLDEN=1)`, () => {
    assertGolden(join(FOLDER, plain.name), plainManifests(plain));
  });
}

const files = readdirSync(join(packageRoot(), FOLDER)).filter((name) => name.endsWith(".yaml"));

function objectsOf(name: string): Manifest[] {
  return manifestsOf(name, readFileSync(join(packageRoot(), FOLDER, name), "utf8"));
}

/** The level a namespace of the file enforces; without one, what an example must meet. */
function levelOf(objects: readonly Manifest[]): unknown {
  const namespace = objects.find(({ kind }) => kind === "Namespace");
  return at(namespace?.metadata, "labels", "pod-security.kubernetes.io/enforce") ?? "restricted";
}

for (const name of files) {
  const objects = objectsOf(name);

  test(`${name}: every object is valid for Kubernetes and the operator, without an unknown field`, () => {
    assert.deepEqual(objects.flatMap(problemsOf), []);
  });

  test(`${name}: its pods are admitted by the Pod Security level of their namespace, and privileged in no way`, () => {
    for (const pod of podsOf(objects)) {
      assert.deepEqual(neverAllowed(pod.spec), []);
      if (levelOf(objects) === "restricted") assert.deepEqual(notRestricted(pod), []);
    }
  });

  test(`${name}: the agent understands its arguments and its configuration`, () => {
    for (const { spec } of podsOf(objects)) {
      const agent = spec.containers.find((container) => container.name === "sounder");
      const words = agent?.args?.slice(1).map((word) => word.replace("$(POD_IP)", "192.0.2.5"));
      const parsed = parseRunFlags(words ?? []);
      assert.equal(parsed.kind, "run", JSON.stringify(parsed));
    }
    for (const { object } of objects.filter(({ kind }) => kind === "ConfigMap")) {
      const parsed = parseConfig(String(at(object, "data", "sounder.yml")));
      assert.deepEqual(parsed.ok ? [] : parsed.problems, []);
    }
  });
}

test("every values file has its manifest", () => {
  const values = readdirSync(join(packageRoot(), FOLDER, "values"));
  assert.deepEqual(values.toSorted(), PLAIN_MANIFESTS.map(({ name }) => name).toSorted());
});

test("the PodMonitor and the Probe of operator.yaml find what daemonset.yaml and deployment.yaml make", () => {
  const made = [...objectsOf("daemonset.yaml"), ...objectsOf("deployment.yaml")];
  const monitors = objectsOf("operator.yaml");
  const selector = at(
    monitors.find(({ kind }) => kind === "PodMonitor")?.object,
    "spec",
    "selector",
    "matchLabels",
  );
  for (const { labels } of podsOf(made)) {
    for (const [key, value] of Object.entries(selector as object)) assert.equal(labels[key], value);
  }
  const url = at(monitors.find(({ kind }) => kind === "Probe")?.object, "spec", "prober", "url");
  const service = made.find(({ kind }) => kind === "Service");
  assert.equal(
    url,
    `${service?.metadata.name}.${String(service?.metadata["namespace"])}.svc:10707`,
  );
});

test("the images are of this version", () => {
  const version = String(readYaml(join(packageRoot(), "package.json"))["version"]);
  assert.equal(readYaml(join(CHART, "Chart.yaml"))["appVersion"], version);
  for (const name of files) {
    const text = readFileSync(join(packageRoot(), FOLDER, name), "utf8");
    for (const [image] of text.matchAll(/\bsounder:\d[\w.-]*/g))
      assert.equal(image, `sounder:${version}`);
  }
});
