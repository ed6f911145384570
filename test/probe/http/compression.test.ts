import assert from "node:assert/strict";
import { test } from "node:test";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { BodyBudget } from "../../../src/probe/http/body-rules.ts";
import { isAcceptable, type Packed } from "../../../src/probe/http/compression.ts";
import { brotliWindowBytes, Decoder } from "../../../src/probe/http/decoder.ts";
import { probe, reasonOf, serveHttp } from "../lab.ts";

const TEXT = "hello world".repeat(10);

const answers: readonly {
  readonly name: string;
  readonly body: Buffer;
  readonly http: Record<string, unknown>;
  readonly reason: string;
  /** Of the body after unpacking. */
  readonly bytes: number;
  readonly encoding?: string;
  readonly isRegexp?: boolean;
}[] = [
  {
    name: "gzip",
    body: gzipSync(TEXT),
    http: { compression: "gzip" },
    reason: "succeeded",
    bytes: 110,
  },
  {
    name: "br",
    body: brotliCompressSync(TEXT),
    http: { compression: "br" },
    reason: "succeeded",
    bytes: 110,
  },
  {
    name: "deflate without the header of zlib",
    body: deflateRawSync(TEXT),
    http: { compression: "Deflate" },
    reason: "succeeded",
    bytes: 110,
  },
  {
    name: "identity",
    body: Buffer.from(TEXT),
    http: { compression: "identity" },
    reason: "succeeded",
    bytes: 110,
  },
  {
    name: "gzip that the module does not speak of",
    body: gzipSync(TEXT),
    http: {},
    reason: "succeeded",
    bytes: gzipSync(TEXT).length,
  },
  {
    name: "gzip under a header that says something else",
    body: gzipSync(TEXT),
    encoding: "br",
    http: { compression: "gzip" },
    reason: "succeeded",
    bytes: 110,
  },
  {
    name: "gzip of two members",
    body: Buffer.concat([gzipSync(TEXT), gzipSync("more")]),
    http: { compression: "gzip" },
    reason: "succeeded",
    bytes: 114,
  },
  {
    name: "gzip where deflate is wanted",
    body: gzipSync(TEXT),
    http: { compression: "deflate" },
    reason: "body_encoding",
    bytes: 0,
  },
  {
    name: "deflate with the header of zlib",
    body: deflateSync(TEXT),
    http: { compression: "deflate" },
    reason: "body_encoding",
    bytes: 0,
  },
  {
    name: "plain text where gzip is wanted",
    body: Buffer.from(TEXT),
    http: { compression: "gzip", fail_if_body_not_matches_regexp: ["hello"] },
    reason: "body_encoding",
    bytes: 0,
    isRegexp: true,
  },
  {
    name: "gzip cut short",
    body: gzipSync(TEXT).subarray(0, -6),
    http: { compression: "gzip" },
    reason: "body_encoding",
    bytes: 110,
  },
  {
    name: "br with more behind its end",
    body: Buffer.concat([brotliCompressSync(TEXT), Buffer.from("more")]),
    http: { compression: "br" },
    reason: "body_encoding",
    bytes: 110,
  },
  {
    name: "nothing where gzip is wanted",
    body: Buffer.alloc(0),
    http: { compression: "gzip" },
    reason: "body_encoding",
    bytes: 0,
  },
  {
    name: "nothing where br is wanted",
    body: Buffer.alloc(0),
    http: { compression: "br" },
    reason: "body_encoding",
    bytes: 0,
  },
  {
    name: "a rule on what was packed",
    body: gzipSync(TEXT),
    http: { compression: "gzip", fail_if_body_not_matches_regexp: ["^(hello world){10}$"] },
    reason: "succeeded",
    bytes: 110,
  },
  {
    name: "a limit that the packed body keeps and the other does not",
    body: gzipSync(TEXT),
    http: { compression: "gzip", body_size_limit: 109 },
    reason: "body_too_large",
    bytes: 109,
  },
  {
    name: "a limit just reached",
    body: gzipSync(TEXT),
    http: { compression: "gzip", body_size_limit: 110 },
    reason: "succeeded",
    bytes: 110,
  },
  {
    name: "a wrong status before a body that is not packed",
    body: Buffer.from(TEXT),
    http: { compression: "gzip", valid_status_codes: [201] },
    reason: "http_status",
    bytes: 0,
  },
];

for (const { name, body, http, reason, bytes, encoding = "gzip", isRegexp = false } of answers) {
  test(`an answer with ${name} ends as ${reason}, ${bytes} bytes long`, async (t) => {
    let accepted: string | undefined;
    const server = await serveHttp(t, (request, response) => {
      accepted = request.headers["accept-encoding"];
      response.writeHead(200, { "content-encoding": encoding, "content-length": body.length });
      response.end(body);
    });
    const outcome = await probe(`127.0.0.1:${server.port}`, http);
    assert.equal(reasonOf(outcome), reason);
    assert.equal(outcome.facts.uncompressedBodyBytes, bytes);
    assert.equal(outcome.facts.contentLengthBytes, body.length);
    assert.equal(outcome.facts.isFailedByRegexp, isRegexp);
    // As blackbox_exporter: what is accepted is said by `headers` alone.
    assert.equal(accepted, undefined);
  });
}

test("gzip with something else behind its end ends as body_encoding", async (t) => {
  const server = await serveHttp(t, (_request, response) => {
    response.end(Buffer.concat([gzipSync(TEXT), Buffer.from("more")]));
  });
  const outcome = await probe(`127.0.0.1:${server.port}`, { compression: "gzip" });
  assert.equal(reasonOf(outcome), "body_encoding");
});

test("bodies of redirects that are followed are not unpacked", async (t) => {
  const server = await serveHttp(t, (request, response) => {
    if (request.url === "/") response.writeHead(302, { location: "/next" }).end("plain");
    else response.end(gzipSync(TEXT));
  });
  const outcome = await probe(`127.0.0.1:${server.port}`, { compression: "gzip" });
  assert.equal(reasonOf(outcome), "succeeded");
  assert.equal(outcome.facts.uncompressedBodyBytes, 110);
});

const acceptable: readonly (readonly [string, Packed | "", string, boolean])[] = [
  ["no compression", "", "gzip", true],
  ["an empty header", "gzip", "", true],
  ["the one named", "gzip", "gzip", true],
  ["one named with a weight", "gzip", "gzip;q=1.0", true],
  ["the second of two", "gzip", "compress, gzip", true],
  ["one that is not there", "br", "gzip, compress", false],
  ["a star", "br", "gzip, compress, *", true],
  ["a star with a weight", "br", "gzip, compress, *;q=0.1", true],
  ["one of weight 0", "br", "gzip, compress, br;q=0.0", false],
  ["a star of weight 0", "br", "gzip, compress, *;q=0.0", false],
  ["one named before a star of weight 0", "br", "gzip;q=1.0, br;q=0.1, *;q=0.0", true],
  ["the same in another order", "br", "*;q=0.0, compress;q=0.5, br;q=0.1, gzip;q=1.0", true],
  ["blanks everywhere", "br", " gzip;q=1.0, compress; q=0.5, br;q=0.1, *; q=0.0 ", true],
  ["a weight that is none", "br", "br;q=high", false],
  ["a weight that rounds to 0", "br", "br;q=0.0004", false],
];

for (const [name, compression, header, isExpected] of acceptable) {
  test(`isAcceptable() with ${name} is ${isExpected}`, () => {
    assert.equal(isAcceptable(compression, header), isExpected);
  });
}

const PACK = { gzip: gzipSync, br: brotliCompressSync, deflate: deflateRawSync } as const;

test("a body comes out whole however it is packed and cut into pieces", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("gzip" as const, "br" as const, "deflate" as const),
      fc.uint8Array({ maxLength: 2_000 }),
      fc.integer({ min: 1, max: 300 }),
      async (compression, bytes, pieceBytes) => {
        const packed = PACK[compression](bytes);
        const out: Buffer[] = [];
        const budget = new BodyBudget(2 ** 25);
        const decoder = new Decoder({
          compression,
          budget,
          onData: (chunk) => out.push(Buffer.from(chunk)) > 0,
          onStop: () => {},
        });
        for (let at = 0; at < packed.length; at += pieceBytes) {
          assert.equal(decoder.add(packed.subarray(at, at + pieceBytes)), true);
          await decoder.room;
        }
        assert.equal(await decoder.end(), undefined);
        decoder.destroy();
        assert.deepEqual(Buffer.concat(out), Buffer.from(bytes));
        assert.equal(budget.take(2 ** 25), true, "memory was not given back");
      },
    ),
    { numRuns: 60 },
  );
});

test("the window of a stream of Brotli comes out of the budget for bodies", async () => {
  assert.equal(brotliWindowBytes(brotliCompressSync("a")[0] ?? 0), 2 ** 22);
  const stopped: boolean[] = [];
  const decoder = new Decoder({
    compression: "br",
    budget: new BodyBudget(2 ** 20),
    onData: () => true,
    onStop: () => void stopped.push(true),
  });
  assert.equal(decoder.add(brotliCompressSync("a")), false);
  assert.equal((await decoder.end())?.reason, "agent_overloaded");
  assert.deepEqual(stopped, [true]);
  decoder.destroy();
});
