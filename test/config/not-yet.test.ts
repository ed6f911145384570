import assert from "node:assert/strict";
import { test } from "node:test";
import { NOT_YET_KEYS, NOT_YET_MODULES, NOT_YET_VALUES } from "../../src/config/not-yet.ts";
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

for (const [path, values] of Object.entries(NOT_YET_VALUES)) {
  for (const value of values) {
    test(`${path}: ${value} is refused as not supported yet`, () => {
      const at = path.lastIndexOf(".");
      const text = fileWith(path.slice(0, at), (parent) => {
        parent[path.slice(at + 1)] = value;
      });
      assert.equal(messages(text).length, 1);
      assert.match(messages(text).join(), new RegExp(`"${value}" is not supported yet: write `));
    });
  }
}

for (const [name, prober] of Object.entries(NOT_YET_MODULES)) {
  test(`the built-in module ${name} says that its prober is not supported yet`, () => {
    const text = fileWith("groups.*", (group) => {
      group["modules"] = [name];
    });
    assert.deepEqual(messages(text), [
      `module "${name}" needs the prober ${prober}, which is not supported yet: remove it for now`,
    ]);
  });
}
