import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { packageRoot } from "../../support/golden.ts";
import { promtoolMissing } from "../../support/promtool.ts";

const RULES = "deploy/helm/sounder/files/container-network.rules.yml";
const RULES_TEST = "test/deploy/kubernetes/container-network.test.yml";

function promtool(...words: readonly string[]): {
  readonly status: number | null;
  readonly said: string;
} {
  const run = spawnSync("promtool", words, {
    cwd: packageRoot(),
    encoding: "utf8",
    timeout: 60_000,
  });
  if (run.error !== undefined) throw run.error;
  return { status: run.status, said: `${run.stdout}${run.stderr}` };
}

test("promtool finds the rules of the container network good", { skip: promtoolMissing }, () => {
  const { status, said } = promtool("check", "rules", RULES);
  assert.equal(status, 0, said);
});

test("the rules tell per node what the pod network adds to the round trip and to the loss, and nothing of a node with one agent", {
  skip: promtoolMissing,
}, () => {
  const { status, said } = promtool("test", "rules", RULES_TEST);
  assert.equal(status, 0, said);
});
