import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { httpOptions } from "../../../src/probe/http/http-options.ts";
import { probe, reasonOf, serveHttp } from "../lab.ts";

const folder = mkdtempSync(join(tmpdir(), "sounder-headers-"));
after(() => rmSync(folder, { recursive: true }));
const tokenFile = join(folder, "token");
writeFileSync(tokenFile, " from a file\n");

/** Lines of a request by lower-case name, as they came. */
function linesOf(raw: readonly string[], wanted: string): string[] {
  return raw.filter((_, at) => at % 2 === 1 && raw[at - 1]?.toLowerCase() === wanted);
}

test("http_headers come behind those of headers: values, then secrets, then files", async (t) => {
  let raw: readonly string[] = [];
  const server = await serveHttp(t, (request, response) => {
    raw = request.rawHeaders;
    response.end();
  });
  const outcome = await probe(`127.0.0.1:${server.port}`, {
    headers: { "X-Key": "own", Cookie: "a=1" },
    http_headers: {
      "X-Key": { files: [tokenFile], secrets: ["hidden"], values: ["one", "two"] },
      Cookie: { values: ["b=2"] },
    },
  });
  assert.equal(reasonOf(outcome), "succeeded");
  assert.deepEqual(linesOf(raw, "x-key"), ["own", "one", "two", "hidden", "from a file"]);
  assert.deepEqual(linesOf(raw, "cookie"), ["a=1; b=2"]);
});

test("a file of http_headers is read at each probe", async (t) => {
  const file = join(folder, "changing");
  const seen: (string | undefined)[] = [];
  const server = await serveHttp(t, (request, response) => {
    seen.push(request.headers["x-key"]?.toString());
    response.end();
  });
  const http = { http_headers: { "X-Key": { files: [file] } } };
  writeFileSync(file, "first");
  await probe(`127.0.0.1:${server.port}`, http);
  writeFileSync(file, "the second");
  await probe(`127.0.0.1:${server.port}`, http);
  assert.deepEqual(seen, ["first", "the second"]);
});

const badFiles = [
  { name: "is not there", file: "/nowhere/token", detail: /X-Key: cannot read \/nowhere\/token/ },
  { name: "holds two lines", file: join(folder, "lines"), detail: /holds a line break/ },
  { name: "is a folder", file: folder, detail: /is not a regular file/ },
  { name: "is too long", file: join(folder, "long"), detail: /at most 16384 are read/ },
] as const;
writeFileSync(join(folder, "lines"), "a\r\nInjected: b");
writeFileSync(join(folder, "long"), "a".repeat(20_000));

for (const { name, file, detail } of badFiles) {
  test(`a file of http_headers that ${name} ends the probe before a connection`, async (t) => {
    let requests = 0;
    const server = await serveHttp(t, (_request, response) => {
      requests += 1;
      response.end();
    });
    const http = { http_headers: { "X-Key": { files: [file] } } };
    const outcome = await probe(`127.0.0.1:${server.port}`, http);
    assert.equal(reasonOf(outcome), "credentials_file");
    if (outcome.kind === "failed") assert.match(outcome.detail, detail);
    assert.equal(requests, 0);
  });
}

test("headers with a secret stay with the first host, those with values alone go along", async (t) => {
  const seen: unknown[] = [];
  const server = await serveHttp(t, (request, response) => {
    const { port } = request.socket.address() as { port: number };
    seen.push(["x-secret", "x-file", "x-v"].map((name) => request.headers[name]));
    if (request.url !== "/") return response.end();
    return response.writeHead(302, { location: `http://other.example:${port}/next` }).end();
  });
  const outcome = await probe(`first.example:${server.port}`, {
    http_headers: {
      "X-Secret": { secrets: ["s"] },
      "X-File": { files: [tokenFile] },
      "X-V": { values: ["v"] },
    },
  });
  assert.equal(reasonOf(outcome), "succeeded");
  assert.deepEqual(seen, [
    ["s", "from a file", "v"],
    [undefined, undefined, "v"],
  ]);
});

const refused = [
  { name: "Authorization", header: {}, message: /cannot be set by http_headers: write basic_auth/ },
  {
    name: "hOST",
    header: { values: ["a"] },
    message: /hOST cannot be set by http_headers: write it/,
  },
  { name: "User-Agent", header: {}, message: /write it under headers/ },
  { name: "Accept-Encoding", header: {}, message: /write it under headers/ },
  { name: "Connection", header: {}, message: /each probe has a connection of its own/ },
  { name: "Transfer-Encoding", header: { values: ["a"] }, message: /cannot be set/ },
  { name: "X Y", header: {}, message: /is no header name/ },
  { name: "X-Key", header: { values: ["a\nb"] }, message: /X-Key holds a line break/ },
  { name: "X-Key", header: { secrets: ["hunter2\n"] }, message: /^(?!.*hunter2).*line break/ },
  { name: "X-Key", header: { value: ["a"] }, message: /[Uu]nrecognized key/ },
] as const;

for (const { name, header, message } of refused) {
  test(`httpOptions refuse ${name} with ${JSON.stringify(header)} in http_headers`, () => {
    const parsed = httpOptions.safeParse({ http_headers: { [name]: header } });
    assert.equal(parsed.success, false);
    assert.match(parsed.error?.issues[0]?.message ?? "", message);
  });
}
