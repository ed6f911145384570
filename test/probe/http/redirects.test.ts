import assert from "node:assert/strict";
import { test } from "node:test";
import type { Permit, Verdict } from "../../../src/policy/verdict.ts";
import { follow, type Step } from "../../../src/probe/http/redirects.ts";
import { urlText } from "../../../src/target/web-url.ts";
import { everyNameIsLoopback, probe, reasonOf, serveHttp } from "../lab.ts";

const HEADERS = [
  ["Authorization", "Bearer t"],
  ["Cookie", "own=1"],
  ["Content-Type", "text/plain"],
  ["X-Own", "1"],
] as const;

function step(changes: Partial<Step> = {}): Step {
  return {
    url: new URL("https://a.example/dir/page"),
    method: "POST",
    body: Buffer.from("b"),
    host: "named.example",
    headers: HEADERS,
    secretNames: ["x-secret"],
    isTrusted: true,
    isAtFirstPlace: true,
    referer: undefined,
    ...changes,
  };
}

function next(status: number, location: string, from: Step = step()): Step {
  const redirect = follow(from, status, location, "a.example");
  if (redirect.kind !== "next") throw new Error(`Cannot go on: ${JSON.stringify(redirect)}`);
  return redirect.step;
}

const methods = [
  { status: 301, method: "POST", want: "GET" },
  { status: 302, method: "PUT", want: "GET" },
  { status: 303, method: "DELETE", want: "GET" },
  { status: 303, method: "HEAD", want: "HEAD" },
  { status: 302, method: "GET", want: "GET" },
  { status: 307, method: "POST", want: "POST" },
  { status: 308, method: "PUT", want: "PUT" },
] as const;

for (const { status, method, want } of methods) {
  test(`a ${method} redirected by ${status} becomes ${want}`, () => {
    const followed = next(status, "/x", step({ method }));
    const isKept = status >= 307;
    assert.equal(followed.method, want);
    assert.equal(followed.body?.toString(), isKept ? "b" : undefined);
    assert.equal(
      followed.headers.some(([name]) => name === "Content-Type"),
      isKept,
    );
  });
}

const places = [
  {
    name: "a relative location",
    location: "other?x",
    url: "https://a.example/dir/other?x",
    hasSecret: true,
    host: "named.example",
  },
  {
    name: "a location without scheme",
    location: "//b.example/x",
    url: "https://b.example/x",
    hasSecret: false,
    host: undefined,
  },
  {
    name: "the same host by name",
    location: "https://a.example/x",
    url: "https://a.example/x",
    hasSecret: true,
    host: undefined,
  },
  {
    name: "the same host on another port",
    location: "https://a.example:8443/",
    url: "https://a.example:8443/",
    hasSecret: true,
    host: undefined,
  },
  {
    name: "a host below it",
    location: "https://www.a.example/",
    url: "https://www.a.example/",
    hasSecret: true,
    host: undefined,
  },
  {
    name: "a host that only ends alike",
    location: "https://ba.example/",
    url: "https://ba.example/",
    hasSecret: false,
    host: undefined,
  },
  {
    name: "the same host without TLS",
    location: "http://a.example/",
    url: "http://a.example/",
    hasSecret: false,
    host: undefined,
  },
] as const;

for (const { name, location, url, hasSecret, host } of places) {
  test(`a redirect to ${name} ${hasSecret ? "keeps" : "drops"} the credentials`, () => {
    const followed = next(302, location);
    const names = followed.headers.map(([header]) => header);
    assert.equal(urlText(followed.url), url);
    assert.equal(names.includes("Authorization"), hasSecret);
    assert.equal(names.includes("Cookie"), hasSecret);
    assert.equal(names.includes("X-Own"), true);
    assert.equal(followed.host, host);
  });
}

test("credentials that were dropped do not come back", () => {
  const away = next(302, "https://b.example/");
  const back = next(302, "https://a.example/", away);
  assert.equal(
    back.headers.some(([name]) => name === "Authorization"),
    false,
  );
});

test("a module's credentials are not trusted again after a redirect elsewhere", () => {
  const away = next(302, "https://b.example/");
  assert.deepEqual(
    [next(302, "/x"), away, next(302, "https://a.example/", away)].map((one) => one.isTrusted),
    [true, false, false],
  );
});

const firstPlaces = [
  { location: "/x", want: true },
  { location: "x?y", want: true },
  { location: "https://a.example/", want: false },
  { location: "//a.example/x", want: false },
  { location: "/\\b.example/x", want: true },
  { location: "//", want: true },
] as const;

for (const { location, want } of firstPlaces) {
  const name = JSON.stringify(location);
  test(`a redirect to ${name} ${want ? "stays at" : "leaves"} the first place and its Host header`, () => {
    const followed = next(302, location);
    assert.equal(followed.isAtFirstPlace, want);
    assert.equal(followed.host, want ? "named.example" : undefined);
    assert.equal(next(302, "/y", { ...followed }).isAtFirstPlace, want);
  });
}

const bytes = [
  { name: "UTF-8", location: "/caf\u00c3\u00a9", path: "/caf%C3%A9" },
  { name: "ISO 8859-1", location: "/caf\u00e9?\u00e9", path: "/caf%E9?\u00e9" },
  { name: "an escape", location: "/caf%C3%A9", path: "/caf%C3%A9" },
] as const;

for (const { name, location, path } of bytes) {
  test(`a location with ${name} is requested with the bytes it has`, () => {
    const { url } = next(302, location);
    assert.equal(`${url.pathname}${url.search}`, path);
  });
}

test("a host in a location that is written in UTF-8 is asked for by its name in ASCII", () => {
  assert.equal(next(302, "https://b\u00c3\u00bccher.example/").url.host, "xn--bcher-kva.example");
});

const referers = [
  { name: "the same host", location: "/x", want: "https://a.example/dir/page?q=1" },
  { name: "another host", location: "https://b.example/x", want: "https://a.example/" },
  { name: "http from https", location: "http://a.example/", want: undefined },
] as const;

for (const { name, location, want } of referers) {
  test(`a redirect to ${name} tells ${want ?? "nothing"} as its Referer`, () => {
    const url = new URL("https://us:pw@a.example/dir/page?q=1#part");
    assert.equal(next(302, location, step({ url })).referer, want);
  });
}

for (const location of ["ftp://a.example/", "javascript:1", "http://", `/${"x".repeat(20_000)}`]) {
  test(`a redirect to ${location.slice(0, 20)} fails as http_redirects`, () => {
    const redirect = follow(step(), 302, location, "a.example");
    assert.equal(redirect.kind === "failed" && redirect.reason, "http_redirects");
    // Go counts a redirect once it has read where it leads.
    assert.equal(redirect.kind === "failed" && redirect.isCounted, true);
  });
}

test("a 3xx without a location, and 304, are no redirects", () => {
  assert.equal(follow(step(), 302, undefined, "a.example").kind, "none");
  assert.equal(follow(step(), 304, "/x", "a.example").kind, "none");
});

/** Answers /N with a redirect to /N-1, and /0 with a page. */
async function countdown(t: Parameters<typeof serveHttp>[0]) {
  const asked: string[] = [];
  const server = await serveHttp(t, (request, response) => {
    asked.push(request.url ?? "");
    const left = Number((request.url ?? "").slice(1));
    if (left > 0) response.writeHead(302, { location: `/${left - 1}` });
    response.end("done");
  });
  return { asked, port: server.port };
}

test("ten redirects are followed and counted", async (t) => {
  const { asked, port } = await countdown(t);
  const outcome = await probe(`127.0.0.1:${port}/10`);
  assert.equal(reasonOf(outcome), "succeeded");
  assert.equal(outcome.facts.redirects, 10);
  assert.equal(outcome.facts.uncompressedBodyBytes, 4);
  assert.equal(asked.length, 11);
});

test("the eleventh redirect fails as http_redirects", async (t) => {
  const { asked, port } = await countdown(t);
  const outcome = await probe(`127.0.0.1:${port}/11`);
  assert.equal(reasonOf(outcome), "http_redirects");
  assert.equal(outcome.facts.statusCode, 302);
  assert.equal(asked.length, 11);
});

test("a redirect that is not followed is counted, and its status judged", async (t) => {
  const { asked, port } = await countdown(t);
  const off = { follow_redirects: false };
  const refused = await probe(`127.0.0.1:${port}/1`, off);
  const wanted = await probe(`127.0.0.1:${port}/1`, { ...off, valid_status_codes: [302] });
  assert.equal(reasonOf(refused), "http_status");
  assert.equal(reasonOf(wanted), "succeeded");
  assert.equal(wanted.facts.redirects, 1);
  assert.equal(asked.length, 2);
});

test("cookies of a redirect come along", async (t) => {
  const cookies: (string | undefined)[] = [];
  const server = await serveHttp(t, (request, response) => {
    cookies.push(request.headers.cookie);
    if (request.url !== "/end") {
      response.setHeader("Set-Cookie", ["session=1; Path=/", "other=2; Path=/elsewhere"]);
      response.writeHead(302, { location: "/end" });
    }
    response.end();
  });
  await probe(`127.0.0.1:${server.port}/`, { headers: { Cookie: "own=0" } });
  assert.deepEqual(cookies, ["own=0", "own=0; session=1"]);
});

test("a redirect is asked of policy by its address, and one it refuses is not connected to", async (t) => {
  const asked: { readonly isFirstHop: boolean; readonly address: string }[] = [];
  const guard = (
    { address }: { readonly address: string },
    _permit: Permit,
    isFirstHop: boolean,
  ): Verdict => {
    asked.push({ isFirstHop, address });
    if (isFirstHop) return { kind: "allowed" };
    return { kind: "refused", rule: "deny:metadata", sentence: `${address} is not allowed` };
  };
  const server = await serveHttp(t, (_request, response) => {
    response.writeHead(302, { location: "http://169.254.169.254/latest" }).end();
  });
  const outcome = await probe(`127.0.0.1:${server.port}`, {}, { tools: { guard } });
  assert.equal(reasonOf(outcome), "policy_refused");
  assert.equal(outcome.facts.redirects, 1);
  assert.equal(outcome.facts.statusCode, 0);
  assert.deepEqual(asked, [
    { isFirstHop: true, address: "127.0.0.1" },
    { isFirstHop: false, address: "169.254.169.254" },
  ]);
});

test("a redirect back to the start is asked of policy as a redirect", async (t) => {
  const { port } = await countdown(t);
  const firsts: boolean[] = [];
  const guard = (_hop: unknown, _permit: unknown, isFirstHop: boolean): Verdict => {
    firsts.push(isFirstHop);
    return { kind: "allowed" };
  };
  await probe(`127.0.0.1:${port}/2`, {}, { tools: { guard } });
  assert.deepEqual(firsts, [true, false, false]);
});

test("a redirect to another scheme leaves no answer but counts, and one to no URL does not count", async (t) => {
  const server = await serveHttp(t, (request, response) => {
    const location = request.url === "/ftp" ? "ftp://a.example/" : "http://[";
    response.writeHead(302, { location, "content-length": 0 }).end();
  });
  const facts = [];
  for (const path of ["ftp", "none"]) {
    const outcome = await probe(`127.0.0.1:${server.port}/${path}`);
    assert.equal(reasonOf(outcome), "http_redirects");
    const { statusCode, httpVersion, contentLengthBytes, redirects } = outcome.facts;
    facts.push([statusCode, httpVersion, contentLengthBytes, redirects]);
  }
  assert.deepEqual(facts, [
    [0, undefined, undefined, 1],
    [0, undefined, undefined, 0],
  ]);
});

test("a user in a location is shown to that place alone, before what the module has", async (t) => {
  const seen: (readonly [string, string | undefined])[] = [];
  const server = await serveHttp(t, (request, response) => {
    const { host = "", authorization } = request.headers;
    const name = host.replace(/:.*/, "");
    seen.push([`${name}${request.url}`, authorization]);
    const { port } = request.socket.address() as { port: number };
    const places: Readonly<Record<string, string>> = {
      "/": `http://us:p%40@b.example:${port}/in`,
      "/in": "/still",
      "/still": `http://b.example:${port}/out`,
      "/out": `http://a.example:${port}/back`,
    };
    const location = places[request.url ?? ""];
    if (location !== undefined) response.writeHead(302, { location });
    response.end();
  });
  const outcome = await probe(`http://a.example:${server.port}/`, { bearer_token: "t" });
  assert.equal(reasonOf(outcome), "succeeded");
  const ofUrl = `Basic ${Buffer.from("us:p@").toString("base64")}`;
  assert.deepEqual(seen, [
    ["a.example/", "Bearer t"],
    ["b.example/in", ofUrl],
    ["b.example/still", ofUrl],
    ["b.example/out", undefined],
    ["a.example/back", undefined],
  ]);
});

test("a relative redirect looks nothing up, and an absolute one does", async (t) => {
  const names: string[] = [];
  const server = await serveHttp(t, (request, response) => {
    const { port } = request.socket.address() as { port: number };
    if (request.url === "/") response.writeHead(302, { location: "/x" });
    if (request.url === "/x") response.writeHead(302, { location: `http://a.example:${port}/y` });
    response.end();
  });
  const resolve: typeof everyNameIsLoopback = async (name, signal) => {
    names.push(name);
    return await everyNameIsLoopback(name, signal);
  };
  const outcome = await probe(`http://a.example:${server.port}/`, {}, { tools: { resolve } });
  assert.equal(outcome.facts.redirects, 2);
  assert.deepEqual(names, ["a.example", "a.example"]);
});

test("Referer comes along after redirects, unless the module has its own", async (t) => {
  const seen: (string | undefined)[] = [];
  const server = await serveHttp(t, (request, response) => {
    seen.push(request.headers.referer);
    if (request.url === "/") response.writeHead(302, { location: "/x" });
    response.end();
  });
  const target = `http://a.example:${server.port}/`;
  await probe(target);
  await probe(target, { headers: { referer: "http://own.example/" } });
  assert.deepEqual(seen, [undefined, target, "http://own.example/", "http://own.example/"]);
});
