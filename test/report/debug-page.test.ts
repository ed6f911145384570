import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { moduleOptions } from "../../src/probe/module.ts";
import {
  agentLogLevel,
  createProbeLog,
  debugPage,
  moduleText,
} from "../../src/report/debug-page.ts";
import { probePage } from "../../src/report/probe-page.ts";
import { FINISHED_AT_SECONDS, failed } from "./fixtures.ts";

const secretModule = moduleOptions.parse({
  prober: "http",
  timeout: "5s",
  http: {
    headers: { "X-API-Key": "hunter2", cookie: "session=hunter2", Accept: "text/plain" },
    basic_auth: { username: "monitor", password: "hunter2" },
    body: "key: password",
  },
});

test("moduleText() hides secrets and secret headers, and nothing else", () => {
  const text = moduleText(secretModule);
  assert.doesNotMatch(text, /hunter2/);
  const shown = parse(text) as {
    prober: string;
    timeout: string;
    http: { headers: unknown; basic_auth: unknown; body: string };
  };
  assert.equal(shown.prober, "http");
  assert.equal(shown.timeout, "5s");
  assert.deepEqual(shown.http.headers, {
    "X-API-Key": "<secret>",
    cookie: "<secret>",
    Accept: "text/plain",
  });
  assert.deepEqual(shown.http.basic_auth, { username: "monitor", password: "<secret>" });
  assert.equal(shown.http.body, "key: password");
});

test("moduleText() of a module without timeout says none", () => {
  assert.doesNotMatch(moduleText(moduleOptions.parse({ prober: "icmp" })), /^timeout/m);
});

const outcome = {
  ...failed("connect_refused"),
  log: [
    {
      wallSeconds: FINISHED_AT_SECONDS,
      level: "debug" as const,
      message: "Resolving target address",
      fields: { ip_protocol: "ip6" },
    },
    {
      wallSeconds: FINISHED_AT_SECONDS,
      level: "error" as const,
      message: "Error for HTTP request",
      fields: { err: "refused" },
    },
  ],
};

const levels = [
  { name: "debug", level: "debug", wantLines: 2 },
  { name: "info", level: "info", wantLines: 1 },
] as const;

for (const { name, level, wantLines } of levels) {
  test(`debugPage() at level ${name} has log, metrics and module in blackbox_exporter's layout`, () => {
    const pageText = probePage(outcome, { timeoutSeconds: 5 });
    const target = "https://www.example.net/";
    const page = debugPage(outcome, {
      module: secretModule,
      moduleName: "http_2xx",
      target,
      pageText,
      log: { level, format: "logfmt" },
    });
    const [log = "", metrics, module] = page.split("\n\n\n");
    const [head, ...lines] = log.trimEnd().split("\n");
    assert.equal(head, "Logs for the probe:");
    assert.equal(lines.length, wantLines);
    assert.equal(
      lines.at(-1),
      `time=2023-11-14T22:13:20.250Z level=error msg="Error for HTTP request" module=http_2xx target=${target} err=refused`,
    );
    assert.equal(metrics, `\nMetrics that would have been returned:\n${pageText.trimEnd()}`);
    assert.match(module ?? "", /^\nModule configuration:\nprober: http\ntimeout: 5s\n/);
  });
}

const agentLevels = [
  { level: "debug", want: ["debug", "error"] },
  { level: "info", want: ["error"] },
  { level: "warn", want: ["error"] },
  { level: "error", want: ["error"] },
] as const;

for (const { level, want } of agentLevels) {
  test(`with --log.prober=${level} the agent's log has the lines ${want.join(", ")} of a probe`, () => {
    const lines: { readonly level: string; readonly target: string; readonly time: string }[] = [];
    const write = (line: string) => void lines.push(JSON.parse(line));
    const logProbe = createProbeLog({ level: agentLogLevel(level), format: "json", write });
    const noted = { ...outcome.log[0], level: "info", message: "Connected" } as const;
    const log = [...outcome.log, { wallSeconds: 0, fields: {}, ...noted }];
    const shown = level === "debug" ? [...want, "info"] : want;
    logProbe({ ...outcome, log }, { moduleName: "m", target: "http://u:hunter2@a.example/" });
    assert.deepEqual(
      lines.map((line) => line.level),
      shown,
    );
    for (const { target, time } of lines) {
      assert.equal(target, "http://u:xxxxx@a.example/");
      assert.equal(time, "2023-11-14T22:13:20.250Z");
    }
  });
}
