import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { freePort } from "../support/agent-process.ts";
import { until } from "../support/until.ts";

const MAIN = fileURLToPath(new URL("../../src/main.js", import.meta.url));
const WAIT_SECONDS = 30;
const REQUEST_LIMIT_SECONDS = 10;
const LIMIT_MILLISECONDS = 90_000;

/** systemd's own tool for trying socket activation: it opens the sockets and becomes the program at the first packet. */
const ACTIVATE = "systemd-socket-activate";
const skip =
  spawnSync(ACTIVATE, ["--version"]).error === undefined
    ? false
    : `${ACTIVATE} is not installed: install Debian's package systemd`;

type Started = {
  readonly stderr: () => string;
  /** @returns the exit code. */
  readonly stop: () => Promise<number | null>;
  readonly ended: Promise<number | null>;
};

/** The agent behind sockets that were opened for it. */
function activate(sockets: readonly string[]): Started {
  const directory = mkdtempSync(join(tmpdir(), "sounder-sockets-"));
  const file = join(directory, "sounder.yml");
  writeFileSync(file, "modules: {web: {prober: http}}\n");
  const agent = [process.execPath, MAIN, `--config.file=${file}`, "--web.systemd-socket"];
  const child = spawn(ACTIVATE, [...sockets, ...agent], { stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = once(child, "close").then(([code]: (number | null)[]) => {
    rmSync(directory, { recursive: true, force: true });
    return code ?? null;
  });
  const stop = (): Promise<number | null> => {
    child.kill("SIGTERM");
    return ended;
  };
  return { stderr: () => stderr, stop, ended };
}

async function statusOf(url: string): Promise<number> {
  const response = await fetch(url, {
    headers: { connection: "close" },
    signal: AbortSignal.timeout(REQUEST_LIMIT_SECONDS * 1000),
  });
  await response.text();
  return response.status;
}

test("the agent answers on every socket that was handed to it, and on no other", {
  skip,
  timeout: LIMIT_MILLISECONDS,
}, async () => {
  const [first, second] = [await freePort(), await freePort()];
  const agent = activate(["-l", `127.0.0.1:${first}`, "-l", `[::1]:${second}`]);
  try {
    const urls = [`http://127.0.0.1:${first}/-/ready`, `http://[::1]:${second}/-/ready`];
    for (const url of urls) {
      await until(
        () =>
          statusOf(url).then(
            (status) => status === 200,
            () => false,
          ),
        {
          deadlineSeconds: WAIT_SECONDS,
          what: `${url} to be ready; it said ${agent.stderr()}`,
        },
      );
    }
    assert.match(agent.stderr(), new RegExp(` listen="127.0.0.1:${first} ::1:${second}"`));
    // As policy has it, the agent is never probed by itself, whoever opened its port.
    const probe = `http://127.0.0.1:${first}/probe?module=web&target=127.0.0.1:${first}`;
    assert.equal(await statusOf(probe), 403);
  } finally {
    assert.equal(await agent.stop(), 0, agent.stderr());
  }
});

const pathOf = (port: number): string => join(tmpdir(), `sounder-test-${process.pid}-${port}`);

const wrong = [
  {
    name: "a datagram socket",
    sockets: (port: number) => ["--datagram", "-l", `127.0.0.1:${port}`],
    wake: async (port: number) => {
      const { createSocket } = await import("node:dgram");
      const socket = createSocket("udp4");
      await new Promise((sent) => socket.send("wake", port, "127.0.0.1", sent));
      socket.close();
    },
  },
  {
    name: "a Unix socket",
    sockets: (port: number) => ["-l", pathOf(port)],
    wake: async (port: number) => {
      const { connect } = await import("node:net");
      const socket = connect(pathOf(port));
      await once(socket, "connect");
      socket.on("error", () => {}).resume();
    },
  },
] as const;

for (const { name, sockets, wake } of wrong) {
  test(`the agent refuses ${name} and says what to write in the socket unit`, {
    skip,
    timeout: LIMIT_MILLISECONDS,
  }, async () => {
    const port = await freePort();
    const agent = activate(sockets(port));
    try {
      await until(() => agent.stderr().includes("Listening on"), {
        deadlineSeconds: WAIT_SECONDS,
        what: "the socket to be open",
      });
      await wake(port);
      assert.equal(await agent.ended, 1);
      assert.match(
        agent.stderr(),
        /Cannot listen on fd:\/\/3: what was handed over is no TCP socket; write for example ListenStream=10707/,
      );
    } finally {
      await agent.stop();
      rmSync(pathOf(port), { force: true });
    }
  });
}

test("without a socket the agent does not start, and says how it would", () => {
  const run = spawnSync(process.execPath, [MAIN, "run", "--web.systemd-socket"], {
    encoding: "utf8",
    timeout: LIMIT_MILLISECONDS,
  });
  assert.deepEqual([run.status, run.stdout], [1, ""]);
  assert.equal(
    run.stderr,
    "sounder run: Cannot listen by --web.systemd-socket: no socket was handed to this process: start the agent by its socket unit (sounder.socket), or leave out --web.systemd-socket\n",
  );
});
