import assert from "node:assert/strict";
import { test } from "node:test";
import { formatProblem, pathText } from "../../src/config/problem.ts";

const problem = { line: 2, column: 5, path: "", message: "is wrong" };

test("formatProblem() without the text is one line", () => {
  assert.equal(formatProblem("a.yml", problem), "a.yml:2:5: is wrong\n");
});

test("formatProblem() puts a caret beneath the column", () => {
  assert.equal(
    formatProblem("a.yml", problem, "x: 1\n  - y: 2\nz: 3\n"),
    "a.yml:2:5: is wrong\n    - y: 2\n      ^\n",
  );
});

test("formatProblem() keeps tabs beneath tabs", () => {
  assert.equal(
    formatProblem("a.yml", { ...problem, line: 1, column: 3 }, "\t\ta: 1\n"),
    "a.yml:1:3: is wrong\n  \t\ta: 1\n  \t\t^\n",
  );
});

test("formatProblem() shows the part of a long line that matters, and none of an endless one", () => {
  const [, line = "", caret = ""] = formatProblem(
    "a.yml",
    { ...problem, line: 1, column: 501 },
    `${"a".repeat(500)}!${"b".repeat(500)}`,
  ).split("\n");
  assert.equal(line[caret.indexOf("^")], "!");
  assert.ok(line.length < 130);
  assert.equal(
    formatProblem("a.yml", { ...problem, line: 1 }, "a".repeat(5000)).split("\n").length,
    2,
  );
});

const hidden = [
  "password: hunter2",
  "    password: hunter2, and}more # hunter2",
  "  - password: 'hunter2'",
  'basic_auth: {username: a, password: "hun\\"ter2, hunter2", x: 1}',
  "basic_auth: {username: a, password: hunter2, x: 1}",
  "{bearer_token: [hunter2, hunter2], x: 1}",
  "credentials: hunter2 hunter2",
  "headers: {Authorization: Bearer hunter2}",
  "headers: {X-Api-Key: hunter2, X-Auth-Token: hunter2}",
  "      Cookie: session=hunter2; a=b",
  "- https://admin:hunter2@www.example.net/",
  "targets: [https://admin:hunter2@www.example.net/, 'root:hunter2@www.example.net']",
  "  MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggShunter2hunter2hunter2hunter2==",
  '"password" : "hunter2"',
];

for (const line of hidden) {
  test(`formatProblem() hides the secret of ${line}`, () => {
    for (let column = 1; column <= line.length + 1; column += 1) {
      const text = formatProblem("a.yml", { ...problem, line: 1, column }, line);
      assert.doesNotMatch(text, /hunter2/);
      assert.match(text, /<secret>/);
    }
  });
}

test("formatProblem() moves the caret by what a hidden secret took away", () => {
  const line = "{password: hunter2hunter2, other: 1}";
  const text = formatProblem(
    "a.yml",
    { ...problem, line: 1, column: line.indexOf("other") + 1 },
    line,
  );
  const [, shown = "", caret = ""] = text.split("\n");
  assert.equal(shown.slice(caret.indexOf("^")), "other: 1}");
});

test("pathText() writes keys with dots and indexes with brackets", () => {
  assert.equal(pathText(["groups", 0, "targets", 2, "labels"]), "groups[0].targets[2].labels");
  assert.equal(pathText([]), "");
});
