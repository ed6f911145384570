import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import { parse } from "yaml";
import { packageRoot } from "../../../support/golden.ts";
import { toYaml } from "./functions.ts";
import { Templates } from "./run.ts";

/** `want` is what Go 1.19's text/template with sprig 3.2.3 and sigs.k8s.io/yaml 1.3.0 gave, as Helm calls them. */
type Known = {
  readonly name: string;
  readonly template: string;
  readonly data: unknown;
  readonly want: string;
};

const FILE = "test/deploy/helm/template/known-outputs.json";
const known = JSON.parse(readFileSync(join(packageRoot(), FILE), "utf8")) as Known[];

function run(template: string, data: unknown): string {
  const templates = new Templates();
  templates.add("t", template);
  return templates.run("t", data);
}

for (const { name, template, data, want } of known) {
  test(`a template gives what Go gives: ${name}`, () => {
    assert.equal(run(template, data), want);
  });
}

const refused = [
  { name: "an unknown function", template: "{{ .a | snakecase }}", says: /t:1: .*"snakecase"/ },
  { name: "one that only objects have", template: "{{ constructor }}", says: /"constructor"/ },
  { name: "an unknown directive", template: '{{ template "x" . }}', says: /directive template/ },
  { name: "break", template: "{{ range .l }}{{ break }}{{ end }}", says: /directive break/ },
  { name: "an undefined template", template: '{{ include "x" . }}', says: /no template is named/ },
  { name: "an undeclared variable", template: "{{ $x }}", says: /\$x is not declared/ },
  { name: "a block without end", template: "a\n{{ if .a }}", says: /if without end/ },
  { name: "an end without block", template: "a\n{{ end }}", says: /t:2: end of nothing/ },
  { name: "an action without end", template: "a\nb {{ .a", says: /t:2: .*never closed/ },
  {
    name: "an unset value that is printed",
    template: "\n\n{{ .b }}",
    says: /t:3: nothing is printed/,
  },
  { name: "a key of an unset value", template: "{{ .b.c }}", says: /\.c of invalid/ },
  { name: "a list that is printed", template: "{{ .l }}", says: /write toYaml/ },
  { name: "a number that Go prints as 1e+06", template: "{{ .n }}", says: /write int64/ },
  { name: "two kinds compared", template: "{{ eq .n 1 }}", says: /float64 and int/ },
  { name: "fail", template: '{{ fail "no" }}', says: /fail: no/ },
  { name: "a verb printf does not know", template: '{{ printf "%d" 1 }}', says: /%d/ },
  { name: "a value too many", template: '{{ printf "x" 1 }}', says: /1 values for 0 verbs/ },
  { name: "a call of a value", template: "{{ .a 1 }}", says: /string is called/ },
  { name: "what is not understood", template: "{{ .a ? }}", says: /not understood: \?/ },
  { name: "an empty part", template: "{{ .a | }}", says: /empty part/ },
  { name: "a parenthesis left open", template: "{{ (.a }}", says: /\( without \)/ },
  {
    name: "itself included without end",
    template: '{{ define "x" }}{{ include "x" . }}{{ end }}{{ include "x" . }}',
    says: /without end/,
  },
] as const;

for (const { name, template, says } of refused) {
  test(`a template is refused for ${name}`, () => {
    assert.throws(() => run(template, { a: "x", l: [1], n: 1e6 }), says);
  });
}

test("a name defined twice is refused, whichever file it stands in", () => {
  const templates = new Templates();
  templates.add("one", '{{ define "x" }}1{{ end }}');
  assert.throws(() => templates.add("two", '{{ define "x" }}2{{ end }}'), /defined twice/);
});

test("toYaml writes what YAML 1.1 and YAML 1.2 read alike", () => {
  const scalar = fc.oneof(
    fc.string(),
    fc.boolean(),
    fc.integer(),
    fc.constantFrom("on", "0777", "1_0"),
  );
  const value = fc.oneof(scalar, fc.array(scalar), fc.dictionary(fc.string(), scalar));
  fc.assert(
    fc.property(value, (given) => {
      const want = JSON.parse(JSON.stringify(given)) as unknown;
      const text = toYaml(given);
      assert.deepEqual(plain(parse(text, { version: "1.1" })), want);
      assert.deepEqual(plain(parse(text)), want);
    }),
    { numRuns: 300 },
  );
});

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}
