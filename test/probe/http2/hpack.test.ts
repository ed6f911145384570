import assert from "node:assert/strict";
import { createServer } from "node:http2";
import { connect } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import {
  encodeHeaders,
  type HeaderField,
  HpackDecoder,
  HpackError,
} from "../../../src/probe/http2/hpack.ts";
import { decodeHuffman } from "../../../src/probe/http2/hpack-huffman.ts";
import {
  encodeFrame,
  encodeHead,
  encodeSettings,
  FLAG,
  FRAME,
  FrameReader,
  PREFACE,
} from "../../../src/probe/http2/http2-frames.ts";
import { listen } from "../lab.ts";

function decoder(maxListBytes = 65_536): HpackDecoder {
  return new HpackDecoder({ maxListBytes });
}

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(" ", ""), "hex");
}

const first: readonly HeaderField[] = [
  [":status", "302"],
  ["cache-control", "private"],
  ["date", "Mon, 21 Oct 2013 20:13:21 GMT"],
  ["location", "https://www.example.com"],
];

// Three answers on one connection, RFC 7541 appendices C.5 (plain) and C.6 (Huffman).
const examples = [
  {
    name: "plain strings (C.5)",
    blocks: [
      "4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
      "4803 3330 37c1 c0bf",
    ],
  },
  {
    name: "Huffman-coded strings (C.6)",
    blocks: [
      "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
      "4883 640e ffc1 c0bf",
    ],
  },
] as const;

for (const { name, blocks } of examples) {
  test(`decode() of RFC 7541's examples with ${name}`, () => {
    const one = decoder();
    assert.deepEqual(one.decode(hex(blocks[0])), first);
    assert.deepEqual(one.decode(hex(blocks[1])), [[":status", "307"], ...first.slice(1)]);
  });
}

const bad = [
  { name: "index 0", block: "80" },
  { name: "an index beyond the tables", block: "be" },
  { name: "a name that is cut short", block: "0005 6162" },
  { name: "a number without end", block: "ff ffff ffff ffff ffff ff" },
  { name: "a table size after a header", block: "88 20" },
  { name: "a table size above ours", block: "3f e2 1f" },
  { name: "a Huffman code with the end symbol", block: "0084 ffff ffff 00" },
  { name: "a Huffman code padded by a byte", block: "0082 1fff 00" },
  { name: "nothing after a name", block: "0001 61" },
] as const;

for (const { name, block } of bad) {
  test(`decode() refuses ${name}`, () => {
    assert.throws(() => decoder().decode(hex(block)), HpackError);
  });
}

test("decode() refuses a list larger than its bound, however small the block", () => {
  const large = encodeHeaders([["a", "b".repeat(3_000)]]);
  large[0] = 0x40;
  const bomb = Buffer.concat([large, Buffer.alloc(100, 0xbe)]);
  assert.throws(() => decoder().decode(bomb), /too large/);
});

test("encodeHeaders() is understood by decode()", () => {
  const text = fc.string({ unit: "binary", maxLength: 300 });
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), { maxLength: 10 }), (fields) => {
      const latin = fields.map(([name, value]): HeaderField => [toLatin(name), toLatin(value)]);
      assert.deepEqual(decoder(1e6).decode(encodeHeaders(latin)), latin);
    }),
  );
});

function toLatin(text: string): string {
  return Buffer.from(text, "latin1").toString("latin1");
}

test("random bytes never make decode() throw anything but HpackError", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      try {
        decoder().decode(bytes);
      } catch (error) {
        assert.ok(error instanceof HpackError);
      }
      decodeHuffman(bytes);
    }),
  );
});

/** What nghttp2, which codes by Huffman wherever that is shorter, makes of a value. */
async function codedByNode(port: number, value: string): Promise<readonly HeaderField[]> {
  const socket = connect(port, "127.0.0.1");
  const block = encodeHeaders([
    [":method", "GET"],
    [":path", "/"],
    [":scheme", "http"],
    [":authority", "a"],
    ["x-wanted", Buffer.from(value, "latin1").toString("hex")],
  ]);
  socket.write(Buffer.concat([PREFACE, encodeSettings([]), encodeHead(1, block, true)]));
  try {
    return await new Promise((resolve, reject) => {
      const reader = new FrameReader({
        onHeader: () => {},
        onFrame: ({ type, payload }) => {
          if (type === FRAME.headers) resolve(decoder().decode(payload));
        },
      });
      socket.on("data", (chunk: Buffer) => reader.take(chunk));
      socket.on("close", reject);
    });
  } finally {
    socket.destroy();
  }
}

test("every character that Node's server codes comes back", async (t) => {
  const server = createServer((request, response) => {
    const wanted = Buffer.from(String(request.headers["x-wanted"]), "hex").toString("latin1");
    response.setHeader("x-value", wanted);
    response.end();
  });
  const { port } = await listen(t, server);
  for (let code = 0x21; code < 0x7f; code += 1) {
    // Three of a kind among short codes, so that Huffman is the shorter way also for rare ones.
    const value = `aaaaaaaaaaaa${String.fromCharCode(code)}eeeeeeeeeeee`;
    const fields = await codedByNode(port, value);
    assert.ok(
      fields.some(([name, got]) => name === "x-value" && got === value),
      value,
    );
  }
});

test("FrameReader gives the same frames however the bytes are cut", () => {
  const frames = [
    encodeFrame(FRAME.settings, 0, 0, Buffer.alloc(12)),
    encodeHead(1, Buffer.alloc(40_000, 7), true),
    encodeFrame(FRAME.data, FLAG.endStream, 1, Buffer.from("body")),
  ];
  const bytes = Buffer.concat(frames);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9_000 }), { maxLength: 30 }), (cuts) => {
      const seen: [number, number, number][] = [];
      const headers: number[] = [];
      const reader = new FrameReader({
        onHeader: (type) => headers.push(type),
        onFrame: ({ type, flags, payload }) => seen.push([type, flags, payload.length]),
      });
      let at = 0;
      for (const cut of cuts) {
        reader.take(bytes.subarray(at, at + cut));
        at = Math.min(at + cut, bytes.length);
      }
      reader.take(bytes.subarray(at));
      assert.deepEqual(seen, [
        [FRAME.settings, 0, 12],
        [FRAME.headers, FLAG.endStream, 16_384],
        [FRAME.continuation, 0, 16_384],
        [FRAME.continuation, FLAG.endHeaders, 40_000 - 2 * 16_384],
        [FRAME.data, FLAG.endStream, 4],
      ]);
      assert.deepEqual(
        headers,
        seen.map(([type]) => type),
      );
    }),
  );
});
