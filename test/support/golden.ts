import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder with `package.json`: the built tests lie deeper than their sources. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json"))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error("Cannot find the package root: no package.json above");
    folder = parent;
  }
  return folder;
}

/**
 * Asserts that `actual` is what the golden file holds. With `UPDATE_GOLDEN=1` in the environment the
 * file is written instead; the difference is then read by a person before it is kept.
 *
 * @param path Relative to the package root.
 */
export function assertGolden(path: string, actual: string): void {
  const file = join(packageRoot(), path);
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(file, actual);
  assert.equal(actual, readFileSync(file, "utf8"), `${path} differs`);
}
