import { HTTPRoute } from "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRoute";
import { PodMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor";
import { Probe } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/Probe";
import { PrometheusRule } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule";
import { DaemonSet } from "kubernetes-models/apps/v1/DaemonSet";
import { Deployment } from "kubernetes-models/apps/v1/Deployment";
import { Ingress } from "kubernetes-models/networking.k8s.io/v1/Ingress";
import { NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1/PodDisruptionBudget";
import { ConfigMap } from "kubernetes-models/v1/ConfigMap";
import { Namespace } from "kubernetes-models/v1/Namespace";
import { Pod } from "kubernetes-models/v1/Pod";
import { Secret } from "kubernetes-models/v1/Secret";
import { Service } from "kubernetes-models/v1/Service";
import { ServiceAccount } from "kubernetes-models/v1/ServiceAccount";
import type { Manifest } from "./chart.ts";
import { noteReads } from "./read-keys.ts";

/** A class of the packages; its `validate` throws a sentence with every problem. */
type Model = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly prototype: { readonly validate: () => void };
};

const MODELS: readonly Model[] = [
  ConfigMap,
  DaemonSet,
  Deployment,
  HTTPRoute,
  Ingress,
  Namespace,
  NetworkPolicy,
  Pod,
  PodDisruptionBudget,
  PodMonitor,
  Probe,
  PrometheusRule,
  Secret,
  Service,
  ServiceAccount,
];

/** What Kubernetes or the operator would refuse of an object, or silently drop: unknown fields too. */
export function problemsOf({ apiVersion, kind, object }: Manifest): string[] {
  const model = MODELS.find((known) => known.apiVersion === apiVersion && known.kind === kind);
  if (model === undefined) return [`${apiVersion} ${kind} has no schema here`];
  const { noted, unread } = noteReads(object);
  const problems: string[] = [];
  try {
    // On the object itself: the constructor makes a copy, which would read every key.
    Reflect.apply(model.prototype.validate, noted, []);
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  }
  return [...problems, ...unread().map((path) => `${path} is no field`)];
}
