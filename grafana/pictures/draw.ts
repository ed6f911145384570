/**
 * Draws `docs/images/grafana/*.svg`, a preview of each dashboard: an agent measures in the net lab, a real Prometheus scrapes
 * it and evaluates the shipped rules with shortened times, and every panel is drawn from what its expressions return.
 *
 * Needs root, and Debian's packages prometheus and openssl.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SHIPPED } from "../../test/grafana/expressions.ts";
import { STAR } from "../../test/grafana/stage/actors.ts";
import { SITES } from "../../test/grafana/stage/servers.ts";
import { openStage, type Stage } from "../../test/grafana/stage/stage.ts";
import type { Choice } from "../../test/grafana/substitute.ts";
import { canRunLab } from "../../test/netlab/can-run.ts";
import { packageRoot } from "../../test/support/golden.ts";
import { prometheusMissing } from "../../test/support/prometheus.ts";
import { UID } from "../dashboard.ts";
import { drawDashboard } from "./draw-dashboard.ts";

const PLAY_SECONDS = 240;
/** What is left out at the start: rates need a few scrapes. */
const LEAD_IN_SECONDS = 20;
const STEP_SECONDS = 2;

/** One target for the echoes; what it has not is shown of another. */
const CHOICES: Readonly<Record<string, readonly Choice[]>> = {
  [UID.target]: [{ target: STAR }, { target: SITES.shop }],
};

async function drawAll(stage: Stage, folder: string): Promise<void> {
  const span = {
    fromSeconds: stage.startedAtSeconds + LEAD_IN_SECONDS,
    toSeconds: Math.floor(Date.now() / 1000) - 1,
    stepSeconds: STEP_SECONDS,
  };
  for (const shipped of SHIPPED) {
    const choices = CHOICES[shipped.uid ?? ""] ?? [{}];
    const file = join(folder, `${shipped.uid}.svg`);
    writeFileSync(file, await drawDashboard(shipped, stage, span, choices));
    process.stdout.write(`${file}\n`);
  }
}

const missing = (await canRunLab()) ?? prometheusMissing();
if (missing === undefined) {
  const folder = join(packageRoot(), "docs/images/grafana");
  mkdirSync(folder, { recursive: true });
  const stage = await openStage({ seconds: PLAY_SECONDS });
  try {
    await sleep(stage.endsAtSeconds * 1000 - Date.now());
    await drawAll(stage, folder);
  } finally {
    await stage.close();
  }
} else {
  process.stderr.write(`Cannot draw the pictures: ${missing}\n`);
  process.exitCode = 1;
}
