import assert from "node:assert/strict";
import { test } from "node:test";
import { failed } from "../../../src/probe/failure.ts";
import { parseToken } from "../../../src/probe/http/oauth2-answer.ts";
import {
  MAX_KEPT_TOKENS,
  Oauth2Tokens,
  type Token,
} from "../../../src/probe/http/oauth2-tokens.ts";
import { fakeClock } from "../../support/fake-clock.ts";

const never = new AbortController().signal;

function token(value: string, lifetimeSeconds?: number): Token {
  return { kind: "token", value, lifetimeSeconds };
}

/** Gives t1, t2, … and counts. */
function counting(lifetimeSeconds?: number) {
  let count = 0;
  return {
    fetch: async () => {
      count += 1;
      return token(`t${count}`, lifetimeSeconds);
    },
    count: () => count,
  };
}

test("get() keeps a token until ten seconds before its end", async () => {
  const clock = fakeClock();
  const tokens = new Oauth2Tokens(clock);
  const { fetch, count } = counting(60);
  assert.deepEqual(await tokens.get("a", fetch, never), token("t1", 60));
  clock.advanceSeconds(49);
  assert.deepEqual(await tokens.get("a", fetch, never), { kind: "token", value: "t1" });
  clock.advanceSeconds(2);
  assert.equal((await tokens.get("a", fetch, never)).kind, "token");
  assert.equal(count(), 2);
});

test("get() keeps a token of unknown lifetime for five minutes at most", async () => {
  const clock = fakeClock();
  const tokens = new Oauth2Tokens(clock);
  const { fetch, count } = counting();
  await tokens.get("a", fetch, never);
  clock.advanceSeconds(280);
  await tokens.get("a", fetch, never);
  assert.equal(count(), 1);
  clock.advanceSeconds(20);
  await tokens.get("a", fetch, never);
  assert.equal(count(), 2);
});

test("get() fetches once for all who want the token meanwhile", async () => {
  const tokens = new Oauth2Tokens(fakeClock());
  const { fetch, count } = counting(3600);
  const all = await Promise.all(Array.from({ length: 50 }, () => tokens.get("a", fetch, never)));
  assert.equal(count(), 1);
  assert.equal(new Set(all.map((one) => one.kind === "token" && one.value)).size, 1);
});

test("a failure is shared with those who waited, and not kept", async () => {
  const tokens = new Oauth2Tokens(fakeClock());
  let count = 0;
  const fetch = async () => {
    count += 1;
    return failed("oauth2_token", "no");
  };
  const both = await Promise.all([tokens.get("a", fetch, never), tokens.get("a", fetch, never)]);
  assert.deepEqual(
    both.map(({ kind }) => kind),
    ["failed", "failed"],
  );
  assert.equal(count, 1);
  await tokens.get("a", fetch, never);
  assert.equal(count, 2);
});

test("when the one who fetches is called away, the next one fetches", async () => {
  const tokens = new Oauth2Tokens(fakeClock());
  let callAway: (error: Error) => void = () => {};
  const first = tokens.get(
    "a",
    () => new Promise((_resolve, reject) => (callAway = reject)),
    never,
  );
  const { fetch, count } = counting(3600);
  const second = tokens.get("a", fetch, never);
  callAway(new Error("gone"));
  await assert.rejects(first, /gone/);
  assert.equal((await second).kind, "token");
  assert.equal(count(), 1);
});

test("one who waits for another's fetch is called away by its own signal", async () => {
  const tokens = new Oauth2Tokens(fakeClock());
  let give: (token: Token) => void = () => {};
  const first = tokens.get("a", () => new Promise((resolve) => (give = resolve)), never);
  const own = new AbortController();
  const second = tokens.get("a", async () => token("x"), own.signal);
  own.abort(new Error("late"));
  await assert.rejects(second, /late/);
  give(token("t", 60));
  assert.equal((await first).kind, "token");
});

test("forget() drops a token wherever it is kept", async () => {
  const tokens = new Oauth2Tokens(fakeClock());
  const { fetch, count } = counting(3600);
  await tokens.get("a", fetch, never);
  tokens.forget("t1");
  await tokens.get("a", fetch, never);
  assert.equal(count(), 2);
});

test(`no more than ${MAX_KEPT_TOKENS} tokens are kept, the oldest goes first`, async () => {
  const tokens = new Oauth2Tokens(fakeClock());
  const { fetch, count } = counting(3600);
  for (let key = 0; key <= MAX_KEPT_TOKENS; key += 1) await tokens.get(String(key), fetch, never);
  const before = count();
  await tokens.get(String(MAX_KEPT_TOKENS), fetch, never);
  assert.equal(count(), before);
  await tokens.get("0", fetch, never);
  assert.equal(count(), before + 1);
});

const JSON_TYPE = "application/json; charset=utf-8";
const FORM_TYPE = "application/x-www-form-urlencoded";

const answers: readonly {
  readonly name: string;
  readonly status?: number;
  readonly type?: string;
  readonly text: string;
  readonly want: Token | RegExp;
}[] = [
  {
    name: "JSON",
    text: '{"access_token":"abc","token_type":"bearer","expires_in":3600}',
    want: token("Bearer abc", 3600),
  },
  { name: "no type", text: '{"access_token":"abc"}', want: token("Bearer abc") },
  {
    name: "a lifetime written as a text",
    text: '{"access_token":"abc","expires_in":"60"}',
    want: token("Bearer abc", 60),
  },
  {
    name: "a lifetime that is none",
    text: '{"access_token":"abc","expires_in":"soon"}',
    want: token("Bearer abc"),
  },
  { name: "another type", text: '{"access_token":"a","token_type":"DPoP"}', want: token("DPoP a") },
  {
    name: "a form",
    type: FORM_TYPE,
    text: "access_token=a%2Bb&expires_in=5&token_type=Bearer",
    want: token("Bearer a+b", 5),
  },
  { name: "text that is no JSON", text: "<html>", want: /no JSON/ },
  { name: "JSON that is no mapping", text: "[]", want: /no access_token/ },
  { name: "null", text: "null", want: /no JSON/ },
  { name: "a mapping without token", text: "{}", want: /no access_token/ },
  { name: "a token that is no text", text: '{"access_token":1}', want: /no access_token/ },
  { name: "a token with a line break", text: '{"access_token":"a\\nb"}', want: /no header/ },
  {
    name: "a type with a line break",
    text: '{"access_token":"a","token_type":"x\\r\\ny"}',
    want: /token_type/,
  },
  {
    name: "an error",
    status: 400,
    text: '{"error":"invalid_client","error_description":"s3cret"}',
    want: /^it answers with status 400 and the error invalid_client$/,
  },
  {
    name: "an error with status 200",
    text: '{"error":"invalid_scope","access_token":"a"}',
    want: /invalid_scope/,
  },
  {
    name: "an error that repeats the secret",
    status: 401,
    text: '{"error":"s3cret!"}',
    want: /^it answers with status 401$/,
  },
  { name: "an error page", status: 503, type: "text/html", text: "busy", want: /status 503$/ },
  { name: "a redirect", status: 302, text: "", want: /status 302$/ },
];

for (const { name, status = 200, type = JSON_TYPE, text, want } of answers) {
  test(`parseToken() of ${name}`, () => {
    const parsed = parseToken({ kind: "answer", statusCode: status, contentType: type, text });
    if (!(want instanceof RegExp)) return assert.deepEqual(parsed, want);
    assert.equal(parsed.kind, "failed");
    if (parsed.kind === "failed") assert.match(parsed.detail, want);
  });
}
