import assert from "node:assert/strict";
import { test } from "node:test";
import { CelExpressions, celExpression } from "../../../src/probe/cel/cel.ts";

const BODY: unknown = JSON.parse(`{
  "n": 1, "f": 1.5, "s": "abc", "u": "héllo", "t": true, "nul": null, "e": [],
  "l": [1, 2, 3], "o": {"k": "v", "a-b": 2}, "ts": "2024-02-29T23:59:59.5Z",
  "items": [{"id": 1, "up": true}, {"id": 2, "up": false}], "__proto__": {"own": 7}
}`);

function said(expression: string, body: unknown = BODY): string {
  const verdict = new CelExpressions().evaluate(expression, body);
  return verdict.kind === "decided" ? String(verdict.isTrue) : verdict.detail;
}

const TRUE = [
  // Numbers of JSON are doubles, which compare with every kind of number.
  "body.n == 1 && body.n == 1.0 && body.n == 1u && body.n != 2",
  "body.n > 0 && body.n >= 1 && body.f < 2 && 2u > body.f",
  "body.n + 1.0 == 2.0 && -body.n == -1.0 && int(body.n) + 1 == 2",
  "body.n in [1, 2] && 2 in body.l && !(4 in body.l)",
  "body.l == [1, 2, 3] && body.l == [1.0, 2.0, 3.0] && body.l != [1, 2]",
  "body.l[0] == 1 && body.l[body.n] == 2 && body.l[2u] == 3",
  // Fields.
  "body['s'] == 'abc' && body.o['a-b'] == 2 && 'k' in body.o",
  "has(body.o.k) && !has(body.o.x) && has(body.nul) && body.nul == null && 'nul' in body",
  "!has(body.toString) && !has(body.constructor) && body.__proto__.own == 7",
  "body.o == {'k': 'v', 'a-b': 2} && {'a': 1} == {'a': 1.0}",
  "{1: 'x'}[1.0] == 'x' && {true: 2}[true] == 2 && 1.0 in {1: 2}",
  // What one side decides, the other cannot spoil.
  "body.x == 1 || true",
  "!(false && 1 / 0 == 1)",
  "body.items[5].up || body.t",
  "body.t ? true : body.x",
  // Macros.
  "body.items.all(x, has(x.id)) && body.e.all(x, false)",
  "body.items.exists(x, x.up) && !body.e.exists(x, true)",
  "body.items.exists(x, x.nope == 1 || x.id == 2)",
  "body.items.exists_one(x, x.up) && body.items.existsOne(x, !x.up)",
  "body.items.filter(x, x.up).size() == 1 && body.items.filter(x, x.up)[0].id == 1",
  "body.items.map(x, x.id) == [1, 2] && body.items.map(x, x.up, x.id) == [1]",
  "body.o.all(k, k in ['k', 'a-b']) && body.o.exists(k, body.o[k] == 'v')",
  "[[1], [2, 3]].all(x, x.exists(y, y > 0 && size(x) < 3))",
  "[1].map(x, [2].map(x, x))[0][0] == 2",
  // Texts.
  "body.s.startsWith('a') && body.s.endsWith('c') && body.s.contains('b')",
  "body.s.matches('^a.c$') && matches(body.s, 'b') && !body.s.matches('^b')",
  "size(body.u) == 5 && bytes(body.u).size() == 6 && size('😀') == 1",
  "body.s + 'd' == 'abcd' && 'a' < 'b' && '😀' > '\uffff'",
  String.raw`'\u00e9' == 'é' && '\x41\102' == 'AB' && r'\d' == '\\d' && b'\xff' == b'\377'`,
  `'''it's''' == "it's" && """a"b""" == 'a"b'`,
  // Conversions, as Go prints and reads.
  "string(body.n) == '1' && string(1234567.0) == '1.234567e+06' && string(0.00001) == '1e-05'",
  "int('-5') == -5 && int(1.9) == 1 && uint(3.0) == 3u && double('1e3') == 1000.0",
  "bool('True') && !bool('f') && string(true) == 'true' && string(b'abc') == 'abc'",
  "type(body.n) == double && type(1) == int && type(body.l) == list && type(body) == map",
  "type(null) == null_type && type(type(1)) == type",
  "type(timestamp(0)) == google.protobuf.Timestamp",
  // Numbers.
  "-9223372036854775808 < 0 && 0x1F == 31 && 1e3 == 1000.0 && .5 == 0.5",
  "5 / 2 == 2 && -5 / 2 == -2 && -5 % 3 == -2 && 2 + 3 * 4 == 14 && 1 - -1 == 2",
  "!!true && --1 == 1 && 1 == 1 == true && double('NaN') != double('NaN')",
  // Times.
  "timestamp(body.ts).getFullYear() == 2024 && timestamp(body.ts).getMonth() == 1",
  "timestamp(body.ts).getDate() == 29 && timestamp(body.ts).getDayOfMonth() == 28",
  "timestamp(body.ts).getDayOfYear() == 59 && timestamp(body.ts).getDayOfWeek() == 4",
  "timestamp(body.ts).getHours('Europe/Berlin') == 0 && timestamp(body.ts).getHours('-02:00') == 21",
  "timestamp(body.ts).getMilliseconds() == 500 && duration('1h30m').getMinutes() == 90",
  "timestamp(body.ts) + duration('500ms') == timestamp('2024-03-01T00:00:00Z')",
  "timestamp('2024-01-01T01:00:00+01:00') - timestamp('2023-12-31T23:59:00Z') == duration('1m')",
  "string(timestamp('1969-12-31T23:59:59.250Z')) == '1969-12-31T23:59:59.25Z'",
  "string(duration('-1.5s')) == '-1.5s' && int(timestamp('1970-01-01T00:01:00Z')) == 60",
  "body == body // a comment",
] as const;

for (const expression of TRUE) {
  test(`${expression} is true`, () => {
    assert.equal(celExpression.safeParse(expression).success, true);
    assert.equal(said(expression), "true");
  });
}

const UNSAID = [
  { expression: "body.x == 1", detail: "no such key: x" },
  { expression: "has(body.o.x.y)", detail: "no such key: x" },
  { expression: "has(body.s.x)", detail: "has does not take string" },
  { expression: "body.n + 1 == 2.0", detail: "+ does not take double, int" },
  { expression: "body.n % 2 == 1", detail: "% does not take double, int" },
  { expression: "body.n < 'a'", detail: "< does not take double, string" },
  { expression: "body.l[3] == 1", detail: "the list has 3 elements, none at 3" },
  { expression: "body.l[0.5] == 1", detail: "[] does not take list, double" },
  { expression: "body.s", detail: "it gives string, not true or false" },
  { expression: "body.l.all(x, x)", detail: "all does not take double" },
  { expression: "body.l.exists_one(x, x.y)", detail: ".y does not take double" },
  { expression: "body.n.all(x, true)", detail: "all does not take double" },
  { expression: "body.t && body.s", detail: "&& does not take string" },
  { expression: "body.n ? true : false", detail: "?: does not take double" },
  { expression: "1 / int(body.n - 1.0) == 1", detail: "division by zero" },
  { expression: "9223372036854775807 + int(body.n) > 0", detail: "the result is beyond 64 bits" },
  { expression: "uint(body.n) - 2u > 0u", detail: "the result is beyond 64 bits" },
  { expression: "int(body.n * 1e30) > 0", detail: "the double is beyond int" },
  { expression: "int(body.s) > 0", detail: "the text is no int" },
  { expression: "double(body.s) > 0.0", detail: "the text is no double" },
  {
    expression: "timestamp(body.s) > timestamp(0)",
    detail: "the text is no timestamp of RFC 3339",
  },
  {
    expression: "timestamp(body.nul == null ? '2023-02-29T00:00:00Z' : '') > timestamp(0)",
    detail: "the text is no timestamp of RFC 3339",
  },
  {
    expression: "timestamp(body.ts).getHours(body.s) == 0",
    detail: "the text names no time zone",
  },
  { expression: "body.s.matches(body.s + '(')", detail: "missing closing ): `abc(`" },
] as const;

for (const { expression, detail } of UNSAID) {
  test(`${expression} says nothing: ${detail}`, () => {
    assert.equal(celExpression.safeParse(expression).success, true);
    assert.equal(said(expression), detail);
  });
}

const REFUSED = [
  { expression: "", message: "at character 1: ends too early" },
  { expression: "body.a ==", message: "at character 10: ends too early" },
  { expression: "foo.bar", message: "at character 1: foo is not known: the answer is called body" },
  { expression: "body.l.all(x, y > 1)", message: "at character 15: y is not known" },
  { expression: "f(body)", message: "at character 1: there is no function f" },
  { expression: "size(body, 1) == 1", message: "at character 1: size does not take 2 arguments" },
  { expression: "startsWith(body.s, 'a')", message: "startsWith is written x.startsWith()" },
  { expression: "body.s.int() == 1", message: "int is written int(x)" },
  { expression: "has(body['a'])", message: "at character 1: has is written has(body.field)" },
  { expression: "body.all(1, true)", message: "all is written body.all(x, …) with a name for x" },
  { expression: "'a' + 1 == 'b'", message: "at character 5: + does not take string, int" },
  { expression: "true || 'a'", message: "at character 6: || does not take string" },
  { expression: "1 ? 2 : 3", message: "at character 3: ?: does not take int" },
  { expression: "body.s.matches('(a')", message: "not a regular expression in RE2 syntax" },
  { expression: "body.s.matches('(?=a)')", message: "not a regular expression in RE2 syntax" },
  { expression: "body == 'a", message: "at character 9: the text that begins with ' does not end" },
  { expression: String.raw`body == '\q'`, message: String.raw`\q is no escape` },
  { expression: "body == 9223372036854775808", message: "is beyond 64 bits" },
  { expression: "body.a = 1", message: 'at character 8: "=" has no meaning here' },
  { expression: "(body.a", message: "expected ), found the end" },
  { expression: "[1, 2 == body", message: "expected , or ], found the end" },
  { expression: "{1: 2; 3: 4} == body", message: 'at character 6: ";" has no meaning here' },
  { expression: "{1: 2 3: 4} == body", message: 'expected , or }, found "3"' },
  { expression: "body.a body.b", message: 'at character 8: "body" is not expected here' },
  { expression: "body == if", message: "if is a word of the language" },
  { expression: "Duration{seconds: 1} == body", message: "messages of protocol buffers" },
  { expression: `${"(".repeat(101)}1${")".repeat(101)}`, message: "nests deeper than 100 levels" },
  { expression: `body == '${"a".repeat(10_000)}'`, message: "at most 10000 characters" },
] as const;

for (const { expression, message } of REFUSED) {
  test(`celExpression refuses ${expression.slice(0, 40)}: ${message}`, () => {
    const parsed = celExpression.safeParse(expression);
    assert.equal(parsed.success, false);
    assert.ok(parsed.error?.issues[0]?.message.includes(message), parsed.error?.message);
  });
}
