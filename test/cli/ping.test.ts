import assert from "node:assert/strict";
import { test } from "node:test";
import { IcmpUnavailableError } from "../../src/batch/session.ts";
import { type PingSurroundings, ping } from "../../src/cli/ping.ts";
import { answers, type FakeTools, fakeTools, type HostScript } from "../batch/fake-tools.ts";
import { assertGolden } from "../support/golden.ts";
import { type FakeScreen, fakeScreen } from "./fake-screen.ts";

/** Every ending of an echo, and a host for each kind of answer. */
const HOSTS: ReadonlyMap<string, HostScript> = new Map<string, HostScript>([
  ["192.0.2.1", (echo) => answers([0.000_017_5, 0.012_345, 0.25][echo - 1] ?? 0.1)(echo)],
  [
    "192.0.2.2",
    (echo) =>
      echo === 2
        ? {
            kind: "lost",
            explanation: { reason: "host_unreachable", reportedBy: "192.0.2.254" },
          }
        : { kind: "lost", explanation: undefined },
  ],
  ["2001:db8::3", () => ({ kind: "unsent", errno: "ENETUNREACH" })],
  [
    "192.0.2.4",
    (echo) =>
      echo === 1
        ? { kind: "suspect", cause: "socket_overflow" }
        : { kind: "answered", rttSeconds: 0.001, hopLimit: undefined },
  ],
  ["192.0.2.5", () => ({ kind: "refused", detail: "Cannot set source address: EADDRNOTAVAIL" })],
]);
const NAMES = new Map([
  ["dns.example.net", ["192.0.2.1"]],
  ["six.example.net", ["2001:db8::3"]],
]);
const EVERY = [
  "dns.example.net",
  "192.0.2.2",
  "six.example.net",
  "192.0.2.4",
  "192.0.2.5",
  "none.example.net",
];

function surroundings(tools: FakeTools, interruptAtSeconds?: number): PingSurroundings {
  return {
    withTools: (_settings, work) => work(tools),
    onInterrupt: (callback) => {
      if (interruptAtSeconds !== undefined) tools.at(interruptAtSeconds, callback);
    },
    wallSeconds: tools.wallSeconds,
  };
}

async function run(
  argv: readonly string[],
  options: { readonly screen?: FakeScreen; readonly interruptAtSeconds?: number } = {},
) {
  const screen = options.screen ?? fakeScreen({ isTerminal: false });
  const tools = fakeTools({ hosts: HOSTS, names: NAMES });
  const code = await tools.settle(
    ping(argv, screen, surroundings(tools, options.interruptAtSeconds)),
  );
  return { code, screen, tools };
}

test("in a pipe there is a line for each echo and a summary of each host", async () => {
  const { code, screen } = await run(["-c", "3", ...EVERY]);
  assert.equal(code, 1);
  assertGolden("test/cli/golden/ping-lines.txt", screen.out());
  assertGolden("test/cli/golden/ping-errors.txt", screen.err());
});

test("--json gives one object a line: echoes, then summaries in the order given", async () => {
  const { code, screen } = await run(["--json", "-c", "2", ...EVERY]);
  assert.equal(code, 1);
  assertGolden("test/cli/golden/ping.jsonl", screen.out());
  assert.equal(screen.err(), "");
  for (const line of screen.out().trimEnd().split("\n")) JSON.parse(line);
});

test("on a terminal the table gives way to the summary of all hosts", async () => {
  const screen = fakeScreen({ isTerminal: true, columns: 60, rows: 6 });
  const { code } = await run(["-c", "2", ...EVERY], { screen });
  assert.equal(code, 1);
  assert.equal(screen.isCursorShown(), true);
  assert.equal(screen.err(), "");
  const end = screen.out().split("\u001b[?25h").at(-1) ?? "";
  for (const host of EVERY) assert.ok(end.includes(`\n${host}`), host);
});

test("on a terminal --json is JSON all the same", async () => {
  const screen = fakeScreen({ isTerminal: true });
  await run(["--json", "-c1", "192.0.2.1"], { screen });
  assert.match(screen.out(), /^\{"type":"echo"/);
});

test("without a count it goes on until Ctrl-C, which prints the summary", async () => {
  const { code, screen } = await run(["192.0.2.1"], { interruptAtSeconds: 100.5 });
  assert.equal(code, 0);
  assert.match(screen.out(), /seq=101 /);
  assert.match(screen.out(), /^192\.0\.2\.1 +101 +101 +0% /m);
});

test("Ctrl-C before the first echo has ended is no success", async () => {
  const { code, screen } = await run(["192.0.2.2"], { interruptAtSeconds: 0.5 });
  assert.equal(code, 1);
  assert.match(screen.out(), /^192\.0\.2\.2 +0 +0 +- /m);
});

test("a reader that goes away ends it, and nothing more is written", async () => {
  const screen = fakeScreen({ isTerminal: false });
  const tools = fakeTools({ hosts: HOSTS });
  tools.at(2.5, () => screen.dropReader());
  await tools.settle(ping(["192.0.2.1"], screen, surroundings(tools)));
  assert.equal(screen.out().trimEnd().split("\n").length, 3);
});

const codes = [
  { name: "every host answered", argv: ["-c2", "192.0.2.1", "dns.example.net"], want: 0 },
  { name: "a host answered once", argv: ["-c2", "192.0.2.4"], want: 0 },
  { name: "a host did not answer", argv: ["-c2", "192.0.2.1", "192.0.2.2"], want: 1 },
  { name: "a name does not exist", argv: ["-c2", "192.0.2.1", "none.example.net"], want: 1 },
  { name: "no host is given", argv: [], want: 2 },
  { name: "a flag is unknown", argv: ["--flood", "192.0.2.1"], want: 2 },
  { name: "help is asked for", argv: ["--help"], want: 0 },
];

for (const { name, argv, want } of codes) {
  test(`the exit code is ${want} when ${name}`, async () => {
    const { code, screen } = await run(argv);
    assert.equal(code, want);
    if (want !== 2) return;
    assert.equal(screen.out(), "");
    assert.match(screen.err(), /^sounder ping: .*\nTry "sounder ping --help"\.\n$/);
  });
}

test("without any ICMP the sentence names the remedy, and the exit code is 1", async () => {
  const screen = fakeScreen({ isTerminal: false });
  const code = await ping(["192.0.2.1"], screen, {
    withTools: () => Promise.reject(new IcmpUnavailableError("run as root or grant CAP_NET_RAW")),
    onInterrupt: () => {},
    wallSeconds: () => 0,
  });
  assert.equal(code, 1);
  assert.equal(
    screen.err(),
    'sounder ping: Cannot ping: run as root or grant CAP_NET_RAW; "sounder doctor" tells more\n',
  );
});

test("the end of the engine is one sentence and exit code 1, and the cursor is back", async () => {
  const screen = fakeScreen({ isTerminal: true });
  const tools = fakeTools({ hosts: HOSTS });
  tools.at(1.2, () => tools.breakEngine("The ICMP engine's thread ended by itself"));
  const code = await tools.settle(ping(["192.0.2.2"], screen, surroundings(tools)));
  assert.equal(code, 1);
  assert.match(screen.err(), /^sounder ping: The ICMP engine's thread ended by itself\n$/);
  assert.equal(screen.isCursorShown(), true);
});
