import { spawnSync } from "node:child_process";

/** Why `promtool` cannot be asked here; false when it can. Made for the `skip` of a test. */
export const promtoolMissing: string | false =
  spawnSync("promtool", ["--version"]).error === undefined
    ? false
    : "promtool is not installed: install Debian's package prometheus";

/** What `promtool check metrics` has to say of an exposition: empty when it finds nothing. */
export function promtoolComplaints(text: string): string {
  const run = spawnSync("promtool", ["check", "metrics"], {
    input: text,
    encoding: "utf8",
    timeout: 30_000,
  });
  if (run.error !== undefined) throw run.error;
  return `${run.stdout}${run.stderr}${run.status === 0 ? "" : `exit ${run.status}`}`.trim();
}
