import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { configFile } from "../../src/config/file.ts";
import { configJsonSchema } from "../../src/config/json-schema.ts";
import { packageRoot } from "../support/golden.ts";

test("config.schema.json is the schema of the file", () => {
  const kept: unknown = JSON.parse(readFileSync(join(packageRoot(), "config.schema.json"), "utf8"));
  assert.deepEqual(
    JSON.parse(JSON.stringify(configJsonSchema())),
    kept,
    "the schema has changed: run `npm run schema` and commit config.schema.json",
  );
});

test("configJsonSchema() has every block of the file and allows no other", () => {
  const schema = configJsonSchema();
  assert.deepEqual(
    Object.keys(schema["properties"] as Record<string, unknown>),
    Object.keys(configFile.shape),
  );
  assert.equal(schema["additionalProperties"], false);
});

test("configJsonSchema() marks secrets and asks for nothing that has a default", () => {
  const text = JSON.stringify(configJsonSchema());
  assert.match(text, /"password":\{[^}]*"writeOnly":true/);
  assert.doesNotMatch(text, /"required":\[[^\]]*"interval"/);
});
