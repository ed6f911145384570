import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { MAIN, runProgram } from "../by-hand.ts";

/** Fixtures lie beside the sources, not beside what is built. */
const FOLDER = fileURLToPath(new URL("../../../../test/fixtures/blackbox/", import.meta.url));

for (const name of ["example.yml", "blackbox.yml"]) {
  test(`sounder check finds nothing wrong with blackbox_exporter's own ${name}`, async () => {
    const { code, stdout, stderr } = await runProgram([
      process.execPath,
      MAIN,
      "check",
      `${FOLDER}${name}`,
    ]);
    assert.equal(code, 0, `${stdout}\n${stderr}`);
  });
}

test("the copies of blackbox_exporter's files keep their notice", () => {
  assert.match(readFileSync(`${FOLDER}NOTICE`, "utf8"), /The Prometheus Authors[^]*Apache License/);
});
