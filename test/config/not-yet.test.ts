import assert from "node:assert/strict";
import { test } from "node:test";
import { NOT_YET_KEYS } from "../../src/config/not-yet.ts";
import { parseConfig } from "../../src/config/parse-config.ts";

/** A valid file as JSON, with something put at a path; `*` is the module `web` or the first group. */
function fileWith(pattern: string, put: (parent: Record<string, unknown>) => void): string {
  const file = {
    modules: { web: { prober: "http", http: {} } },
    groups: [{ name: "core", modules: ["web"], targets: ["www.example.net"] }],
  };
  const steps: Readonly<Record<string, Record<string, unknown>>> = {
    "modules.*": file.modules.web,
    "modules.*.http": file.modules.web.http,
    "groups.*": file.groups[0] ?? {},
  };
  const parent = steps[pattern];
  assert.ok(parent, `no place for ${pattern}`);
  put(parent);
  return JSON.stringify(file);
}

function messages(text: string): readonly string[] {
  const parsed = parseConfig(text);
  return parsed.ok ? [] : parsed.problems.map(({ message }) => message);
}

test("the file that the keys are put into is valid without them", () => {
  assert.deepEqual(messages(fileWith("groups.*", () => {})), []);
});

for (const [pattern, keys] of Object.entries(NOT_YET_KEYS)) {
  for (const key of keys) {
    test(`${pattern}.${key} is refused as not supported yet`, () => {
      const text = fileWith(pattern, (parent) => {
        parent[key] = {};
      });
      assert.deepEqual(messages(text), [`"${key}" is not supported yet: remove it for now`]);
    });
  }
}
