import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { HeadReader } from "../../../src/probe/http/head-reader.ts";

/** What a client is given of an answer that comes in these pieces. */
function readAll(pieces: readonly string[], method = "GET") {
  const reader = new HeadReader(method);
  const given = pieces.map((piece) => reader.take(Buffer.from(piece, "latin1")));
  const text = Buffer.concat(given.filter((chunk) => chunk !== undefined)).toString("latin1");
  const [start = "", ...rest] = text.split("\r\n\r\n");
  return { head: reader.head, framing: start.split("\r\n")[1] ?? "", body: rest.join("\r\n\r\n") };
}

const LENGTH = "Content-Length: 2";

const lenient: readonly {
  readonly name: string;
  readonly answer: string;
  readonly framing: string;
  readonly body?: string;
  readonly method?: string;
  readonly status?: number;
  readonly version?: number;
  readonly lengthBytes: number;
  readonly headers?: Readonly<Record<string, readonly string[]>>;
}[] = [
  {
    name: "an ordinary head",
    answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: 1\r\nx-a:2 \t\r\n\r\nok",
    framing: LENGTH,
    lengthBytes: 2,
    headers: { "content-length": ["2"], "x-a": ["1", "2"] },
  },
  {
    name: "an interim answer nobody asked for",
    answer: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\nLink: <a>\n\nHTTP/1.1 204 No\r\n\r\n",
    framing: "Content-Length: 0",
    body: "",
    status: 204,
    lengthBytes: 0,
    headers: {},
  },
  {
    name: "line feeds alone",
    answer: "HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
    framing: LENGTH,
    lengthBytes: 2,
  },
  {
    name: "a folded header",
    answer: "HTTP/1.1 200 OK\r\nX: one\r\n  two\r\n\t \r\n\tthree\r\nContent-Length: 2\r\n\r\nok",
    framing: LENGTH,
    lengthBytes: 2,
    headers: { x: ["one two  three"], "content-length": ["2"] },
  },
  {
    name: "a space before a colon",
    answer: "HTTP/1.1 200 OK\r\nX Odd : 1\r\nContent-Length : 9\r\nContent-Length: 2\r\n\r\nok",
    framing: LENGTH,
    lengthBytes: 2,
    headers: { "x odd ": ["1"], "content-length ": ["9"], "content-length": ["2"] },
  },
  {
    name: "the same length twice",
    answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
    framing: LENGTH,
    lengthBytes: 2,
    headers: { "content-length": ["2"] },
  },
  {
    name: "a length beside chunks",
    answer:
      "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTrailer: X\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nok",
    framing: "Transfer-Encoding: chunked",
    body: "2\r\nok",
    lengthBytes: -1,
    headers: {},
  },
  {
    name: "chunks before there were any",
    answer: "HTTP/1.0 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok",
    framing: "Connection: close",
    version: 1,
    lengthBytes: -1,
    headers: {},
  },
  {
    name: "another version",
    answer: "HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    framing: LENGTH,
    version: 2,
    lengthBytes: 2,
  },
  {
    name: "no reason",
    answer: "HTTP/1.2  299\r\n\r\nok",
    framing: "Connection: close",
    status: 299,
    version: 1.2,
    lengthBytes: -1,
  },
  {
    name: "a body that may not be there",
    answer: "HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\nok",
    framing: "Content-Length: 0",
    body: "",
    status: 304,
    lengthBytes: 0,
    headers: { "content-length": ["2"] },
  },
  {
    name: "an answer to HEAD",
    answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    framing: "Content-Length: 0",
    body: "",
    method: "HEAD",
    lengthBytes: 2,
  },
  {
    name: "another protocol nobody asked for",
    answer: "HTTP/1.1 101 Now\r\nConnection: x, Upgrade\r\nUpgrade: x\r\n\r\nok",
    framing: "Connection: close",
    status: 101,
    lengthBytes: 0,
  },
  {
    name: "101 to no other protocol",
    answer: "HTTP/1.1 101 Now\r\n\r\nok",
    framing: "Content-Length: 0",
    body: "",
    status: 101,
    lengthBytes: 0,
  },
  {
    name: "what concerns the connection alone",
    answer: "HTTP/1.1 200 OK\r\nConnection: a, Close\r\nPragma: no-cache\r\n: x\r\n\r\nok",
    framing: "Connection: close",
    lengthBytes: -1,
    headers: { pragma: ["no-cache"], "cache-control": ["no-cache"] },
  },
];

for (const one of lenient) {
  test(`take() reads ${one.name} as Go does, however it is cut`, () => {
    const bytes = one.answer.split("");
    const cuts = [[one.answer], bytes, [one.answer.slice(0, 20), one.answer.slice(20)]];
    for (const pieces of cuts) {
      const { head, framing, body } = readAll(pieces, one.method);
      assert.equal(framing, one.framing);
      assert.equal(body, one.body ?? "ok");
      assert.equal(head?.statusCode, one.status ?? 200);
      assert.equal(head?.httpVersion, one.version ?? 1.1);
      assert.equal(head?.contentLengthBytes, one.lengthBytes);
      if (one.headers !== undefined) {
        assert.deepEqual(Object.fromEntries(head?.headers ?? []), one.headers);
      }
    }
  });
}

const refused = [
  {
    name: "another protocol's greeting",
    answer: "SSH-2.0-OpenSSH_9.2\r\n",
    want: /no status line/,
  },
  { name: "its first byte already", answer: "<", want: /no status line/ },
  { name: "a version that is none", answer: "HTTP/1 200 OK\r\n", want: /no status line/ },
  { name: "a status of two digits", answer: "HTTP/1.1 20 OK\r\n", want: /no status line/ },
  { name: "an empty first line", answer: "\r\n", want: /no status line/ },
  { name: "a first line without end", answer: `HTTP/${"1".repeat(9_000)}`, want: /no status line/ },
  { name: "no colon", answer: "HTTP/1.1 200 OK\r\nX\r\n\r\n", want: /"X" is no header/ },
  { name: "a first header folded", answer: "HTTP/1.1 200 OK\r\n X: 1\r\n\r\n", want: /no header/ },
  { name: "a bad name", answer: "HTTP/1.1 200 OK\r\nX(: 1\r\n\r\n", want: /no header/ },
  { name: "a NUL in a value", answer: "HTTP/1.1 200 OK\r\nX: a\0\r\n\r\n", want: /no header/ },
  { name: "a CR in a value", answer: "HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n", want: /no header/ },
  {
    name: "two lengths",
    answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n",
    want: /several lengths/,
  },
  {
    name: "lengths in one header",
    answer: "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\n",
    want: /no Content-Length/,
  },
  ...["-1", "+1", "1e3", "", "0x1", "9223372036854775808"].map((length) => ({
    name: `the length ${length}`,
    answer: `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`,
    want: /no Content-Length/,
  })),
  ...[
    "gzip",
    "gzip, chunked",
    "chunked, chunked",
    "identity",
    "chunked\r\nTransfer-Encoding: x",
  ].map((coding) => ({
    name: `the coding ${JSON.stringify(coding)}`,
    answer: `HTTP/1.1 200 OK\r\nTransfer-Encoding: ${coding}\r\n\r\n`,
    want: /is not chunked/,
  })),
  {
    name: "a sixth interim answer",
    answer: "HTTP/1.1 102 Wait\r\n\r\n".repeat(6),
    want: /more than 5 interim answers/,
  },
  {
    name: "a head without end",
    answer: `HTTP/1.1 200 OK\r\nX: ${"y".repeat(300_000)}`,
    want: /more than 262144 bytes/,
  },
  {
    name: "a flood of headers",
    answer: `HTTP/1.1 200 OK\r\n${"a:\r\n".repeat(3_000)}\r\n`,
    want: /more than 2000 lines/,
  },
] as const;

for (const { name, answer, want } of refused) {
  test(`take() refuses ${name}`, () => {
    assert.throws(() => readAll([answer]), want);
  });
}

test("take() gives the body on as it comes, without another copy of it", () => {
  const reader = new HeadReader("GET");
  reader.take(Buffer.from("HTTP/1.1 200 OK\r\n\r\nfirst"));
  const chunk = Buffer.from("second");
  assert.equal(reader.take(chunk), chunk);
});

test("a head gives the same however it is cut", () => {
  const line = fc.constantFrom(
    "X: 1",
    " folded",
    "Content-Length: 2",
    "Content-Length: 3",
    "Transfer-Encoding: chunked",
    "Y : 2",
    "none",
  );
  const end = fc.constantFrom("\r\n", "\n");
  const anyAnswer = fc
    .tuple(
      fc.array(
        fc.tuple(line, end).map((pair) => pair.join("")),
        { maxLength: 5 },
      ),
      end,
    )
    .map(([lines, last]) => `HTTP/1.1 200 OK\r\n${lines.join("")}${last}body`);
  const ending = (pieces: readonly string[]): unknown => {
    try {
      return readAll(pieces);
    } catch (error) {
      return String(error);
    }
  };
  fc.assert(
    fc.property(anyAnswer, fc.nat(60), fc.nat(60), (answer, one, other) => {
      const [a, b] = [Math.min(one, other), Math.max(one, other)];
      const pieces = [answer.slice(0, a), answer.slice(a, b), answer.slice(b)];
      assert.deepEqual(ending(pieces), ending([answer]));
    }),
  );
});
