import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { createServer as createRawServer, type Server, type Socket } from "node:net";
import { test } from "node:test";
import { healthcheck } from "../../src/cli/healthcheck.ts";
import { freePort } from "../support/agent-process.ts";

type Said = { readonly code: number; readonly stdout: string; readonly stderr: string };

async function check(...argv: string[]): Promise<Said> {
  let stdout = "";
  let stderr = "";
  const code = await healthcheck(argv, {
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
  });
  return { code, stdout, stderr };
}

async function withServer<S extends Server>(
  server: S,
  use: (url: string) => Promise<void>,
): Promise<void> {
  const open = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.on("error", () => {}).on("close", () => open.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  try {
    await use(`http://127.0.0.1:${port}/-/ready`);
  } finally {
    for (const socket of open) socket.destroy();
    server.close();
    await once(server, "close");
  }
}

const answers: readonly {
  readonly name: string;
  readonly handle: RequestListener;
  readonly code: number;
  readonly says: string;
}[] = [
  {
    name: "that measures",
    handle: (_request, response) => response.end("Ready"),
    code: 0,
    says: "answers 200: Ready\n",
  },
  {
    name: "that cannot measure",
    handle: (_request, response) => response.writeHead(503).end("ICMP cannot be measured\nmore\n"),
    code: 1,
    says: "answers 503: ICMP cannot be measured\n",
  },
  {
    name: "behind another path",
    handle: (_request, response) => response.writeHead(302, { location: "/elsewhere" }).end(),
    code: 1,
    says: "answers 302: \n",
  },
  {
    name: "that writes commands of a terminal",
    handle: (_request, response) => response.writeHead(500).end("\u001b[2Jgone"),
    code: 1,
    says: "answers 500: ?[2Jgone\n",
  },
  {
    name: "that never ends its answer",
    handle: (_request, response) => {
      const more = (): void => {
        if (!response.destroyed) response.write("x".repeat(1_000), more);
      };
      more();
    },
    code: 0,
    says: `answers 200: ${"x".repeat(300)}\n`,
  },
];

for (const { name, handle, code, says } of answers) {
  test(`an agent ${name} is told in one line, with exit code ${code}`, async () => {
    await withServer(createServer(handle), async (url) => {
      const said = await check(`--url=${url}`);
      const line = `${url} ${says}`;
      assert.deepEqual(said, {
        code,
        stdout: code === 0 ? line : "",
        stderr: code === 0 ? "" : line,
      });
    });
  });
}

test("an agent that does not listen cannot be asked", async () => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/-/ready`;
  assert.deepEqual(await check("--url", url), {
    code: 1,
    stdout: "",
    stderr: `${url} cannot be asked: connect ECONNREFUSED 127.0.0.1:${port}\n`,
  });
});

const silences: readonly { readonly name: string; readonly serve: (socket: Socket) => void }[] = [
  { name: "takes the connection and says nothing", serve: () => {} },
  {
    name: "begins an answer and says no more",
    serve: (socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nRe"),
  },
];

for (const { name, serve } of silences) {
  test(`an agent that ${name} has its time`, { timeout: 30_000 }, async () => {
    await withServer(createRawServer(serve), async (url) => {
      assert.deepEqual(await check(`--url=${url}`, "--timeout=100ms"), {
        code: 1,
        stdout: "",
        stderr: `${url} cannot be asked: no answer within 0.1 s\n`,
      });
    });
  });
}

test("what is no web server cannot be asked", async () => {
  const server = createRawServer((socket) => socket.end("220 mail.example.net\r\n"));
  await withServer(server, async (url) => {
    const { code, stderr } = await check(`--url=${url}`);
    assert.equal(code, 1);
    assert.match(stderr, /^http:\S+ cannot be asked: Parse Error[^\n]*\n$/);
  });
});

const wrong = [
  {
    argv: "--url=127.0.0.1:10707",
    says: /write for example http:\/\/127\.0\.0\.1:10707\/-\/ready/,
  },
  { argv: "--url=ftp://127.0.0.1/", says: /--url=ftp:\/\/127\.0\.0\.1\/ is not understood/ },
  { argv: "--timeout=0s", says: /--timeout=0s is not understood: write a duration up to 60s/ },
  { argv: "--timeout=2m", says: /write a duration up to 60s, such as 3s/ },
  { argv: "--timeout=3", says: /write a duration/ },
  { argv: "word", says: /word/ },
  { argv: "--no-such-flag", says: /--no-such-flag/ },
] as const;

for (const { argv, says } of wrong) {
  test(`${argv} is wrong use, with what to write instead`, async () => {
    const { code, stdout, stderr } = await check(argv);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, says);
    assert.match(stderr, /^sounder healthcheck: .*\nTry "sounder healthcheck --help"\.\n$/);
  });
}

test("the help names its flags and its exit codes", async () => {
  const { code, stdout } = await check("--help");
  assert.equal(code, 0);
  assert.match(stdout, /^ {2}--url=URL/m);
  assert.match(stdout, /^Exit code: 0 it measures, 1 it does not/m);
});
