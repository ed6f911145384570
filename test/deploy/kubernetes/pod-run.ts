import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Pod } from "../helm/pods.ts";

const MAIN = fileURLToPath(new URL("../../../src/main.js", import.meta.url));
const STOP_LIMIT_SECONDS = 15;
const MAX_STDERR_CHARACTERS = 100_000;

export type PodRun = {
  readonly stderr: () => string;
  readonly hasEnded: () => boolean;
  /** @returns the code the agent ended with. */
  readonly stop: () => Promise<number | null>;
};

/** `setpriv` with the user, the capabilities and the no_new_privs that the pod's manifest names, and nothing more. */
export function privilegesOf({ spec }: Pod): readonly string[] {
  const [container] = spec.containers;
  const user = spec.securityContext?.runAsUser ?? 0;
  const added = (container?.securityContext?.capabilities?.add ?? []).map(
    (name) => `,+${name.toLowerCase()}`,
  );
  return [
    "setpriv",
    `--reuid=${user}`,
    `--regid=${spec.securityContext?.runAsGroup ?? user}`,
    "--clear-groups",
    "--inh-caps=-all",
    // What a runtime leaves of the capabilities: root gets all of it at its exec, and others none.
    `--bounding-set=-all${added.join("")}`,
    ...(container?.securityContext?.allowPrivilegeEscalation === false ? ["--no-new-privs"] : []),
    "--",
  ];
}

/** Runs the built agent with a pod's own arguments and privileges, in the network of this thread. */
export function runPod(pod: Pod, config: string, podAddress: string): PodRun {
  const folder = mkdtempSync(join(tmpdir(), "sounder-test-"));
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, "sounder.yml"), config);
  const words = (pod.spec.containers[0]?.args ?? []).map((word) =>
    word.replace("/etc/sounder", folder).replace("$(POD_IP)", podAddress),
  );
  const [program = "", ...rest] = [...privilegesOf(pod), process.execPath, MAIN, ...words];
  const child = spawn(program, rest, { stdio: ["ignore", "ignore", "pipe"], cwd: "/" });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-MAX_STDERR_CHARACTERS);
  });
  let hasEnded = false;
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  }).finally(() => {
    hasEnded = true;
  });
  // Looked at again by stop().
  exited.catch(() => undefined);
  return {
    stderr: () => stderr,
    hasEnded: () => hasEnded,
    stop: async () => {
      child.kill("SIGTERM");
      const overdue = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_SECONDS * 1000);
      return exited.finally(() => {
        clearTimeout(overdue);
        rmSync(folder, { recursive: true, force: true });
      });
    },
  };
}
