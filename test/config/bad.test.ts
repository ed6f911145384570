import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loadConfig } from "../../src/config/load.ts";
import { formatProblem } from "../../src/config/problem.ts";
import { assertGolden, packageRoot } from "../support/golden.ts";

// One bad file per flaw, NAME.yml, and beside it NAME.txt: what the operator reads, to the letter.
const folder = join(packageRoot(), "test/config/bad");
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".yml"))
  .map((file) => file.slice(0, -".yml".length));

for (const name of names) {
  test(`loadConfig() says what is wrong with ${name}.yml`, async () => {
    const loaded = await loadConfig(join(folder, `${name}.yml`));
    assert.equal(loaded.ok, false);
    if (loaded.ok) return;
    const text = loaded.problems
      .map((problem) => formatProblem(`${name}.yml`, problem, loaded.text))
      .join("");
    assertGolden(`test/config/bad/${name}.txt`, text);
    assert.doesNotMatch(text, /hunter2/);
  });
}

test("every expectation of a bad file has its file", () => {
  const expectations = readdirSync(folder).filter((file) => file.endsWith(".txt"));
  assert.deepEqual(
    expectations.map((file) => file.slice(0, -".txt".length)).sort(),
    [...names].sort(),
  );
});
