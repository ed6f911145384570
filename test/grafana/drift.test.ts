import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { ALL_DASHBOARDS, dashboardFile } from "../../grafana/all-dashboards.ts";
import { packageRoot } from "../support/golden.ts";
import { readShipped } from "./expressions.ts";

for (const built of ALL_DASHBOARDS) {
  test(`${dashboardFile(built)} is what "npm run dashboards" writes`, () => {
    assert.deepEqual(readShipped(built), JSON.parse(JSON.stringify(built)));
  });
}

test("grafana/dashboards holds these dashboards and nothing else", () => {
  const files = readdirSync(join(packageRoot(), "grafana/dashboards"));
  const names = ALL_DASHBOARDS.map((built) => basename(dashboardFile(built)));
  assert.deepEqual(files.sort(), names.sort());
});
