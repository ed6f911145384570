import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CelExpressions, celExpression } from "../../../src/probe/cel/cel.ts";
import { compileCel } from "../../../src/probe/cel/compile.ts";
import { CelSyntaxError } from "../../../src/probe/cel/tokens.ts";

const numbers = Array.from({ length: 20_000 }, (_, at) => at);
const BODY = {
  l: numbers,
  o: Object.fromEntries(numbers.map((at) => [`k${at}`, at])),
  s: "a".repeat(200_000),
  evil: "(a+)+$".repeat(100),
};

const RUNAWAYS = [
  "body.l.exists(x, body.l.exists(y, y < 0))",
  "body.l.all(x, body.l.all(y, body.l.all(z, z >= 0)))",
  "body.l.map(x, body.l).map(x, x + x).size() > 0",
  "body.l.all(x, !(-1 in body.l))",
  "body.l.all(x, body.l == body.l)",
  "body.l.all(x, body.o == body.o)",
  "body.l.all(x, size(body.o) > 0)",
  "body.l.all(x, size(body.s) > 0)",
  "body.l.all(x, !body.s.contains('b' + body.s))",
  "body.l.all(x, (body.s + body.s).size() > 0)",
  "body.l.all(x, body.s < body.s + 'a')",
  "body.l.all(x, body.s.matches('(a|aa)+$'))",
  "body.l.all(x, body.s.matches(body.evil))",
  `[body.s]${".map(x, x + x)".repeat(60)}.size() > 0`,
  `[[1, 2]]${".map(x, x + x)".repeat(60)}.size() > 0`,
  "body.l.all(x, timestamp(int(x)).getHours('Europe/Berlin') >= 0)",
] as const;

for (const expression of RUNAWAYS) {
  test(`${expression.slice(0, 60)} ends by its steps`, () => {
    assert.equal(celExpression.safeParse(expression).success, true);
    const verdict = new CelExpressions().evaluate(expression, BODY, 100_000);
    assert.equal(verdict.kind, "failed");
    if (verdict.kind !== "failed") return;
    assert.match(verdict.detail, /more than 100000 steps|pattern has more than/);
  });
}

test("a list of a hundred thousand is gone through whole", () => {
  const body = { l: Array.from({ length: 100_000 }, (_, at) => at) };
  const verdict = new CelExpressions().evaluate("body.l.all(x, x >= 0 && x < 100000)", body);
  assert.deepEqual(verdict, { kind: "decided", isTrue: true });
});

test("values as deep as a body can nest are compared without an end of the stack", () => {
  const deep: unknown = JSON.parse(`${"[".repeat(10_000)}${"]".repeat(10_000)}`);
  const verdict = new CelExpressions().evaluate("body == body || true", deep);
  assert.deepEqual(verdict, { kind: "decided", isTrue: true });
});

const scrap = fc.oneof(
  fc.constantFrom(
    ..."body . ( ) [ ] { } , : ? ! - + * / % && || == != < <= in true null 'a' 1 2u 0.5 x size(".split(
      " ",
    ),
    ".all(x, ",
    ".map(x, ",
    ".filter(x, ",
    "has(body.",
    ".matches(",
    "timestamp(",
    "string(",
    "type(",
  ),
  fc.string({ unit: "binary", maxLength: 3 }),
);

test("whatever an expression and a body are, the expression is refused or says something", () => {
  fc.assert(
    fc.property(fc.array(scrap, { maxLength: 12 }), fc.jsonValue(), (scraps, body) => {
      const text = scraps.join(" ");
      try {
        compileCel(text);
      } catch (error) {
        assert.ok(error instanceof CelSyntaxError, text);
        assert.ok(error.at >= 0 && error.at <= text.length);
        return;
      }
      const { kind } = new CelExpressions().evaluate(text, body, 10_000);
      assert.ok(kind === "decided" || kind === "failed");
    }),
    { numRuns: 2_000 },
  );
});

/** An arithmetic expression with its value by BigInt; undefined when a part is beyond 64 bits. */
type Sum = { readonly text: string; readonly value: bigint | undefined };

const { sum } = fc.letrec<{ sum: Sum }>((tie) => ({
  sum: fc.oneof(
    { depthSize: "small" },
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => ({
      text: String(value),
      value,
    })),
    fc
      .tuple(tie("sum"), fc.constantFrom("+", "-", "*", "/", "%"), tie("sum"))
      .map(([left, sign, right]) => ({
        text: `(${left.text} ${sign} ${right.text})`,
        value: combined(left.value, sign, right.value),
      })),
  ),
}));

function combined(a: bigint | undefined, sign: string, b: bigint | undefined): bigint | undefined {
  if (a === undefined || b === undefined || ("/%".includes(sign) && b === 0n)) return undefined;
  const results: Readonly<Record<string, () => bigint>> = {
    "+": () => a + b,
    "-": () => a - b,
    "*": () => a * b,
    "/": () => a / b,
    "%": () => a % b,
  };
  const value = results[sign]?.() ?? 0n;
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

test("integers are worked out as 64 bits have it, or not at all", () => {
  fc.assert(
    fc.property(sum, ({ text, value }) => {
      const verdict = new CelExpressions().evaluate(`${text} == ${value ?? 0}`, null);
      assert.equal(verdict.kind, value === undefined ? "failed" : "decided");
      if (verdict.kind === "decided") assert.equal(verdict.isTrue, true);
    }),
    { numRuns: 300 },
  );
});

test("a JSON value equals itself, and its text equals the one it was parsed from", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (body) => {
      const copy: unknown = JSON.parse(JSON.stringify({ a: body, b: body }));
      const verdict = new CelExpressions().evaluate("body.a == body.b", copy);
      assert.deepEqual(verdict, { kind: "decided", isTrue: true });
    }),
  );
});
