import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { matchesPath, pathPatternProblem, pathProblem } from "../../src/policy/path-pattern.ts";

const matches = [
  { pattern: "/run/a.sock", path: "/run/a.sock", want: true },
  { pattern: "/run/a.sock", path: "/run/a.sock2", want: false },
  { pattern: "/run/a.sock", path: "/run/A.sock", want: false },
  { pattern: "/run/app/*", path: "/run/app/a", want: true },
  { pattern: "/run/app/*", path: "/run/app/", want: false },
  { pattern: "/run/app/*", path: "/run/app", want: false },
  { pattern: "/run/app/*", path: "/run/app/a/b", want: false },
  { pattern: "/run/app/*", path: "/run/application", want: false },
  { pattern: "/run/app/*.sock", path: "/run/app/x.sock", want: true },
  { pattern: "/run/app/*.sock", path: "/run/app/x.socket", want: false },
  { pattern: "/run/app/*.sock", path: "/run/app/a/x.sock", want: false },
  { pattern: "/run/aba*aba", path: "/run/aba", want: false },
  { pattern: "/run/app/*", path: "/run/app/..", want: false },
  { pattern: "/run/app/*", path: "/run/app/\0", want: false },
] as const;

for (const { pattern, path, want } of matches) {
  test(`matchesPath() of ${JSON.stringify(path)} and ${pattern} is ${want}`, () => {
    assert.equal(matchesPath(pattern, path), want);
  });
}

const bad = [
  { pattern: "", says: /is not an absolute path/ },
  { pattern: "*", says: /is not an absolute path/ },
  { pattern: "@abstract", says: /is not an absolute path/ },
  { pattern: "\0abstract", says: /is not an absolute path/ },
  { pattern: "/", says: /is a directory/ },
  { pattern: "/run//x", says: /has an empty part/ },
  { pattern: "/run/x/", says: /has an empty part/ },
  { pattern: "/run/./x", says: /has the part "\."/ },
  { pattern: "/run/../x", says: /has the part "\.\."/ },
  { pattern: "/run/*/x", says: /"\*" in the name of a directory/ },
  { pattern: "/run/*x*", says: /more than one "\*"/ },
  { pattern: "/run/a\nb", says: /control character/ },
  { pattern: `/run/${"x".repeat(103)}`, says: /has 108 bytes: .* at most 107/ },
] as const;

for (const { pattern, says } of bad) {
  test(`pathPatternProblem() of ${JSON.stringify(pattern.slice(0, 20))} is a sentence`, () => {
    assert.match(pathPatternProblem(pattern) ?? "", says);
  });
}

test("pathPatternProblem() has nothing against paths and a star in their last part", () => {
  for (const pattern of ["/x", "/run/app/control.sock", "/run/app/*", "/run/app/*.sock", "/*"]) {
    assert.equal(pathPatternProblem(pattern), undefined);
  }
});

test("matchesPath() never admits what is not the shortest form of a path in the directory", () => {
  const part = fc.constantFrom("a", "..", ".", "", "run", "app", "*", "x.sock", "\0");
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      const path = `/${parts.join("/")}`;
      if (!matchesPath("/run/app/*", path)) return;
      assert.equal(pathProblem(path), undefined);
      assert.match(path, /^\/run\/app\/[^/]+$/);
    }),
  );
});
