import { join } from "node:path";
import { stringify } from "yaml";
import { packageRoot } from "../../support/golden.ts";
import { type Manifest, type Map, readYaml, renderChart } from "../helm/chart.ts";
import { isMap } from "../helm/template/value.ts";

/** The manifests of deploy/kubernetes that come out of the chart, by the name of the file and of its values. */
export const PLAIN_MANIFESTS = [
  { name: "daemonset.yaml", kinds: undefined },
  { name: "deployment.yaml", kinds: undefined },
  { name: "pair.yaml", kinds: undefined },
  { name: "operator.yaml", kinds: ["PodMonitor", "Probe"] },
] as const;

/** Labels that tell Helm's own story. */
const HELM_LABELS: readonly string[] = ["app.kubernetes.io/managed-by", "helm.sh/chart"];

/** Kubernetes wants what others refer to first. */
const ORDER: readonly string[] = ["Namespace", "ServiceAccount", "ConfigMap"];

/** The whole text of a file of deploy/kubernetes, for `kubectl apply`, rendered from the chart. */
export function plainManifests({ name, kinds }: (typeof PLAIN_MANIFESTS)[number]): string {
  const values = readYaml(join(packageRoot(), "deploy/kubernetes/values", name));
  const { manifests } = renderChart(values, { name: "sounder", namespace: "sounder" });
  const documents = manifests
    .filter((manifest) => !isHook(manifest))
    .filter(({ kind }) => kinds === undefined || kinds.some((wanted) => wanted === kind))
    .toSorted((one, other) => rank(one) - rank(other))
    .map(({ object }) => stringify(withoutHelm(object), { version: "1.1", lineWidth: 0 }));
  return `# Rendered from deploy/helm/sounder with values/${name}. A test holds both together; UPDATE_GOLDEN=1 makes it write this file.\n${documents.join("---\n")}`;
}

function isHook({ metadata }: Manifest): boolean {
  const { annotations } = metadata as { readonly annotations?: unknown };
  return isMap(annotations) && "helm.sh/hook" in annotations;
}

function rank({ kind }: Manifest): number {
  const found = ORDER.indexOf(kind);
  return found === -1 ? ORDER.length : found;
}

function withoutHelm(object: Map): Map {
  return Object.fromEntries(
    Object.entries(object).flatMap(([key, value]) => {
      if (HELM_LABELS.includes(key)) return [];
      return [[key, isMap(value) ? withoutHelm(value) : value]];
    }),
  );
}
