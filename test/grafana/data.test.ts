import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { UID } from "../../grafana/dashboard.ts";
import { canRunLab } from "../netlab/can-run.ts";
import { prometheusMissing } from "../support/prometheus.ts";
import { until } from "../support/until.ts";
import { type Expression, expressionsOf, SHIPPED } from "./expressions.ts";
import { ACTORS, NAMELESS, STAR } from "./stage/actors.ts";
import type { Series } from "./stage/range-query.ts";
import { SITES } from "./stage/servers.ts";
import { openStage, type Stage } from "./stage/stage.ts";
import { type Choice, substitute } from "./substitute.ts";

const reason = (await canRunLab()) ?? prometheusMissing();
const skip = reason ?? false;

const PLAY_SECONDS = 60;
/** Nothing that the play shows comes later than this. */
const WAIT_SECONDS = 150;
const STEP_SECONDS = 1;

/** The page of one target has panels for echoes, for probes and for faults; no target has them all. */
const CHOICES: Readonly<Record<string, readonly Choice[]>> = {
  [UID.target]: [STAR, SITES.shop, SITES.busy, NAMELESS, ...ACTORS.map(({ name }) => name)].map(
    (target) => ({ target }),
  ),
};

/** What this play does not bring about. */
const NOT_PLAYED: Readonly<Record<string, string>> = {
  "Sounder / Agent: annotation Agent started": "the agent runs through the whole play",
};

let stage: Stage;

before(async () => {
  if (reason !== undefined) return;
  stage = await openStage({ seconds: PLAY_SECONDS });
  await until(async () => (await withoutData()).length === 0, {
    deadlineSeconds: WAIT_SECONDS,
    everySeconds: 5,
    what: "data for every expression",
  }).catch(() => undefined);
});

after(async () => {
  if (reason === undefined) await stage.close();
});

/** Over the whole play: an annotation is a moment of it. */
async function seriesOf({ dashboard, expr }: Expression): Promise<readonly Series[]> {
  const toSeconds = Date.now() / 1000;
  const span = { fromSeconds: stage.startedAtSeconds, toSeconds, stepSeconds: STEP_SECONDS };
  const range = `${Math.round(toSeconds - stage.startedAtSeconds)}s`;
  for (const choice of CHOICES[dashboard.uid ?? ""] ?? [{}]) {
    const series = await stage.range(substitute(expr, choice, range), span);
    if (series.length > 0) return series;
  }
  return [];
}

async function withoutData(): Promise<readonly string[]> {
  const empty: string[] = [];
  for (const expression of SHIPPED.flatMap((shipped) => expressionsOf(shipped))) {
    if (NOT_PLAYED[expression.place] !== undefined) continue;
    if ((await seriesOf(expression)).length === 0) empty.push(expression.place);
  }
  return empty;
}

for (const shipped of SHIPPED) {
  test(`every expression of ${shipped.uid} returns data from a real Prometheus`, {
    skip,
  }, async (t) => {
    for (const expression of expressionsOf(shipped)) {
      await t.test(expression.place, async () => {
        const series = await seriesOf(expression);
        if (NOT_PLAYED[expression.place] !== undefined) {
          // The expression was answered, so it is one; should data come, the table is out of date.
          assert.equal(series.length, 0, NOT_PLAYED[expression.place]);
          return;
        }
        assert.ok(series.length > 0, `no data for ${expression.expr}`);
        for (const label of expression.shownLabels) {
          for (const { labels } of series) assert.ok((labels[label] ?? "") !== "", `no ${label}`);
        }
      });
    }
  });
}
