import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type ProbeSurroundings, probe } from "../../src/cli/probe.ts";
import type { HandProbe } from "../../src/cli/probe-session.ts";
import type { ProbeOutcome } from "../../src/probe/prober.ts";
import { fakeScreen } from "./fake-screen.ts";

const SUCCEEDED: ProbeOutcome = {
  kind: "succeeded",
  durationSeconds: 0.25,
  finishedAtSeconds: 1_700_000_000,
  address: { text: "192.0.2.1", family: "ipv4" },
  lookupSeconds: 0,
  facts: {
    protocol: "icmp",
    phases: { resolve: 0, setup: 0, rtt: 0.25 },
    replyHopLimit: 64,
  },
  isDisturbed: false,
  log: [{ wallSeconds: 1_700_000_000, level: "info", message: "Reply received", fields: {} }],
};
const FAILED: ProbeOutcome = {
  ...SUCCEEDED,
  kind: "failed",
  reason: "icmp_timeout",
  detail: "no reply came within 1 s",
};

async function run(argv: readonly string[], changes: Partial<ProbeSurroundings> = {}) {
  const screen = fakeScreen({ isTerminal: false });
  const probes: HandProbe[] = [];
  const code = await probe(argv, screen, {
    probe: async (handProbe) => {
      probes.push(handProbe);
      return SUCCEEDED;
    },
    isThere: () => false,
    onInterrupt: () => {},
    ...changes,
  });
  return { code, out: screen.out(), err: screen.err(), probes };
}

/** A configuration file for the length of a test. */
async function withFile<T>(text: string, work: (path: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), "sounder-probe-"));
  try {
    const path = join(directory, "sounder.yml");
    writeFileSync(path, text);
    return await work(path);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test("probe() takes the built-in modules where there is no file, and 10 s", async () => {
  const { code, probes } = await run(["--module=icmp", "192.0.2.1"]);
  assert.equal(code, 0);
  const [made] = probes;
  assert.equal(made?.moduleName, "icmp");
  assert.equal(made?.module.prober, "icmp");
  assert.equal(made?.target, "192.0.2.1");
  assert.equal(made?.timeoutSeconds, 10);
});

test("probe() prints the page of /probe?debug=true", async () => {
  const { out } = await run(["--module=icmp", "192.0.2.1"]);
  assert.match(out, /^Logs for the probe:\ntime=\S+ level=info msg="Reply received" module=icmp /);
  assert.match(out, /\nMetrics that would have been returned:\n# HELP probe_/);
  assert.match(out, /\nprobe_success 1\n/);
  assert.match(out, /\nprobe_timeout_seconds 10\n/);
  assert.match(out, /\nModule configuration:\nprober: icmp\n/);
  assert.ok(out.endsWith("\n"));
});

test("probe() leaves lines below --log.prober out", async () => {
  const { out } = await run(["--module=icmp", "--log.prober=warn", "192.0.2.1"]);
  assert.doesNotMatch(out, /Reply received/);
});

test("probe() of a target that failed exits with 1, its page on standard output all the same", async () => {
  const { code, out, err } = await run(["--module=icmp", "192.0.2.1"], {
    probe: async () => FAILED,
  });
  assert.equal(code, 1);
  assert.equal(err, "");
  assert.match(out, /\nprobe_success 0\n/);
  assert.match(out, /probe_failure_info\{reason="icmp_timeout"\} 1\n/);
});

test("probe() takes module and timeout from the file that is named, a flag before the module's", async () => {
  const text = "modules: {quick: {prober: icmp, timeout: 500ms}}";
  await withFile(text, async (path) => {
    const first = await run(["--config.file", path, "--module=quick", "192.0.2.1"]);
    assert.equal(first.probes[0]?.timeoutSeconds, 0.5);
    const second = await run([
      `--config.file=${path}`,
      "--module=quick",
      "--timeout=2",
      "192.0.2.1",
    ]);
    assert.equal(second.probes[0]?.timeoutSeconds, 2);
  });
});

test("probe() puts the hostname into the module", async () => {
  const { probes } = await run(["--hostname=a.example.net", "http://192.0.2.1/"]);
  const module = probes[0]?.module;
  assert.deepEqual(module?.http.headers, { Host: "a.example.net" });
});

test("probe() of a file with problems shows them and exits with 1", async () => {
  await withFile("modules: {quick: {prober: icpm}}", async (path) => {
    const { code, err, probes } = await run(["--config.file", path, "192.0.2.1"]);
    assert.equal(code, 1);
    assert.match(err, /sounder\.yml:1:27: prober: "icpm" is not known/);
    assert.deepEqual(probes, []);
  });
});

test("probe() of a named file that is not there exits with 1", async () => {
  const { code, err } = await run(["--config.file=/nowhere/x.yml", "192.0.2.1"]);
  assert.equal(code, 1);
  assert.match(err, /there is no file \/nowhere\/x\.yml/);
});

for (const { name, module, says } of [
  { name: "nearly known", module: "http_2x", says: /did you mean "http_2xx"/ },
  { name: "of every object", module: "constructor", says: /module "constructor" does not exist/ },
] as const) {
  test(`probe() with a module ${name} is wrong use`, async () => {
    const { code, err, probes } = await run([`--module=${module}`, "192.0.2.1"]);
    assert.equal(code, 2);
    assert.match(err, says);
    assert.deepEqual(probes, []);
  });
}

test("probe() with wrong words says where help is", async () => {
  const { code, err } = await run([]);
  assert.equal(code, 2);
  assert.match(err, /^sounder probe: no target is given.*\nTry "sounder probe --help"\.\n$/);
});

test("probe() --help tells which policy holds", async () => {
  const { code, out } = await run(["--help"]);
  assert.equal(code, 0);
  assert.match(out, /^Usage: sounder probe \[flags\] TARGET/);
  assert.match(out, /the policy of the file .* does not hold; only multicast/);
});

test("probe() tells a part that died as one sentence", async () => {
  const { code, err } = await run(["--module=icmp", "192.0.2.1"], {
    probe: async () => {
      throw new Error("Cannot go on probing: the probe worker failed");
    },
  });
  assert.equal(code, 1);
  assert.equal(err, "sounder probe: Cannot go on probing: the probe worker failed\n");
});

test("probe() cuts the probe at an interrupt and shows how far it came", async () => {
  const { code, out } = await run(["--module=icmp", "192.0.2.1"], {
    onInterrupt: (callback) => setImmediate(callback),
    probe: (_probe, _config, { signal }) =>
      new Promise((resolve) => {
        signal.addEventListener("abort", () => {
          resolve({ ...FAILED, reason: "cancelled", detail: "the caller went away" });
        });
      }),
  });
  assert.equal(code, 1);
  assert.match(out, /probe_failure_info\{reason="cancelled"\} 1\n/);
});
