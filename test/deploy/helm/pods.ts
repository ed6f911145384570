import { type Manifest, type Map } from "./chart.ts";
import { isMap } from "./template/value.ts";

/** The parts of a pod that the tests look at. */
export type PodSpec = {
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
  readonly automountServiceAccountToken?: boolean;
  readonly serviceAccountName?: string;
  readonly securityContext?: {
    readonly runAsNonRoot?: boolean;
    readonly runAsUser?: number;
    readonly runAsGroup?: number;
    readonly seccompProfile?: { readonly type: string };
    readonly sysctls?: readonly { readonly name: string; readonly value: string }[];
  };
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly Map[];
};

export type Container = {
  readonly name: string;
  readonly args?: readonly string[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly livenessProbe?: { readonly httpGet: HttpGet };
  readonly readinessProbe?: { readonly httpGet: HttpGet };
  readonly securityContext?: {
    readonly privileged?: boolean;
    readonly allowPrivilegeEscalation?: boolean;
    readonly readOnlyRootFilesystem?: boolean;
    readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] };
  };
};

type HttpGet = { readonly path: string; readonly port: string | number };

/** A pod, or what a DaemonSet or Deployment makes pods of. */
export type Pod = {
  readonly of: Manifest;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: PodSpec;
};

export function podsOf(manifests: readonly Manifest[]): Pod[] {
  return manifests.flatMap((of) => {
    if (of.kind === "Pod") return [podOf(of, of.object)];
    if (of.kind !== "DaemonSet" && of.kind !== "Deployment") return [];
    return [podOf(of, at(of.object, "spec", "template") as Map)];
  });
}

function podOf(of: Manifest, from: Map): Pod {
  return {
    of,
    labels: (at(from, "metadata", "labels") ?? {}) as Pod["labels"],
    annotations: (at(from, "metadata", "annotations") ?? {}) as Pod["annotations"],
    spec: from["spec"] as PodSpec,
  };
}

/** What stands under these keys, or undefined. */
export function at(from: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>((value, key) => (isMap(value) ? value[key] : undefined), from);
}

/**
 * What keeps a pod from the level "restricted" of the Pod Security Standards (Kubernetes 1.32), as far as the fields of
 * a pod of ours go. Empty: it meets the level.
 *
 * @see https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
export function notRestricted({ spec }: Pod): string[] {
  const { securityContext } = spec;
  const problems: string[] = [];
  if (spec.hostNetwork === true) problems.push("hostNetwork");
  if (securityContext?.runAsNonRoot !== true) problems.push("runAsNonRoot");
  if (securityContext?.runAsUser === 0) problems.push("runAsUser");
  for (const volume of spec.volumes ?? []) {
    const [source] = Object.keys(volume).filter((key) => key !== "name");
    if (source === undefined || !RESTRICTED_VOLUMES.includes(source))
      problems.push(`volume ${source}`);
  }
  for (const { name } of securityContext?.sysctls ?? []) {
    if (!SAFE_SYSCTLS.includes(name)) problems.push(`sysctl ${name}`);
  }
  for (const { securityContext: own } of spec.containers) {
    for (const added of own?.capabilities?.add ?? []) {
      if (added !== "NET_BIND_SERVICE") problems.push(`capability ${added}`);
    }
  }
  return [...problems, ...neverAllowed(spec)];
}

/** What no pod of ours has, whatever the values. */
export function neverAllowed(spec: PodSpec): string[] {
  const problems: string[] = [];
  if (spec.hostPID === true || spec.hostIPC === true) problems.push("hostPID or hostIPC");
  if (spec.automountServiceAccountToken !== false) problems.push("a token of the API");
  if (spec.securityContext?.seccompProfile?.type !== "RuntimeDefault") problems.push("seccomp");
  if ((spec.volumes ?? []).some((volume) => "hostPath" in volume)) problems.push("hostPath");
  for (const { securityContext: own } of [...spec.containers, ...(spec.initContainers ?? [])]) {
    if (own?.privileged === true) problems.push("privileged");
    if (own?.allowPrivilegeEscalation !== false) problems.push("allowPrivilegeEscalation");
    if (own?.readOnlyRootFilesystem !== true) problems.push("readOnlyRootFilesystem");
    if (own?.capabilities?.drop?.join() !== "ALL") problems.push("capabilities are not dropped");
    if ((own?.capabilities?.add ?? []).some((name) => name !== "NET_RAW"))
      problems.push("capability");
  }
  return problems;
}

const RESTRICTED_VOLUMES: readonly string[] = [
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
];

const SAFE_SYSCTLS: readonly string[] = [
  "kernel.shm_rmid_forced",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.ip_unprivileged_port_start",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.ping_group_range",
];
