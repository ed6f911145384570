import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ALL_DASHBOARDS, dashboardFile } from "./all-dashboards.ts";

/** Writes the JSON of every dashboard; run from the package root, and let Biome format what it wrote. */
for (const dashboard of ALL_DASHBOARDS) {
  const file = join(process.cwd(), dashboardFile(dashboard));
  writeFileSync(file, `${JSON.stringify(dashboard, null, 2)}\n`);
  process.stdout.write(`${file}\n`);
}
