import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRunFlags, RUN_HELP, type RunFlags } from "../../src/cli/run-flags.ts";

function flagsOf(...argv: string[]): RunFlags {
  const parsed = parseRunFlags(argv);
  if (parsed.kind === "run") return parsed.flags;
  throw new Error(parsed.kind === "wrong" ? parsed.sentence : parsed.kind);
}

test("without flags the agent runs as the contract says", () => {
  assert.deepEqual(flagsOf(), {
    configFile: "sounder.yml",
    isCheckOnly: false,
    autoReloadSeconds: undefined,
    listenAddresses: [":10707"],
    isSystemdSocket: false,
    web: { routePrefix: "", externalUrl: undefined, isLifecycleEnabled: false },
    timeoutOffsetSeconds: 0.5,
    historyLimit: 100,
    logLevel: "info",
    logFormat: "logfmt",
    probeLogLevel: "info",
  });
});

const taken = [
  { argv: ["--web.enable-lifecycle"], get: (f: RunFlags) => f.web.isLifecycleEnabled, want: true },
  { argv: ["--web.systemd-socket"], get: (f: RunFlags) => f.isSystemdSocket, want: true },
  { argv: ["--web.route-prefix=/net/"], get: (f: RunFlags) => f.web.routePrefix, want: "/net" },
  {
    argv: ["--web.external-url", "https://a.example/net/"],
    get: (f: RunFlags) => `${f.web.externalUrl} ${f.web.routePrefix}`,
    want: "https://a.example/net /net",
  },
  { argv: ["--history.limit=0"], get: (f: RunFlags) => f.historyLimit, want: 0 },
  { argv: ["--history.limit", "10000"], get: (f: RunFlags) => f.historyLimit, want: 10_000 },
  { argv: ["--log.prober=debug"], get: (f: RunFlags) => f.probeLogLevel, want: "debug" },
  { argv: ["--timeout-offset=250ms"], get: (f: RunFlags) => f.timeoutOffsetSeconds, want: 0.25 },
  {
    argv: ["--config.auto-reload-interval=5"],
    get: (f: RunFlags) => f.autoReloadSeconds,
    want: undefined,
  },
  {
    argv: ["--config.enable-auto-reload"],
    get: (f: RunFlags) => f.autoReloadSeconds,
    want: 30,
  },
  {
    argv: ["--config.enable-auto-reload", "--config.auto-reload-interval=1m"],
    get: (f: RunFlags) => f.autoReloadSeconds,
    want: 60,
  },
];

for (const { argv, get, want } of taken) {
  test(`${argv.join(" ")} gives ${want}`, () => assert.equal(get(flagsOf(...argv)), want));
}

const wrong = [
  { argv: "--history.limit=-1", says: /^--history.limit=-1 is not understood: write a whole/ },
  { argv: "--history.limit=10001", says: /from 0 to 10000$/ },
  { argv: "--history.limit=many", says: /from 0 to 10000$/ },
  { argv: "--log.prober=loud", says: /^--log.prober=loud .* write debug, info, warn, error$/ },
  { argv: "--log.level=loud", says: /^--log.level=loud is not understood/ },
  { argv: "--config.auto-reload-interval=0", says: /write seconds from 1 to 86400, such as 30$/ },
  { argv: "--config.auto-reload-interval=1y", says: /write seconds from 1 to 86400/ },
  { argv: "--config.auto-reload-interval=soon", says: /write seconds from 1 to 86400/ },
  { argv: "--timeout-offset=2h", says: /write seconds, such as 0.5$/ },
  { argv: "--web.route-prefix=/*", says: /^--web.route-prefix=.* write a path of letters/ },
  { argv: "--web.external-url=a.example", says: /^--web.external-url=a.example .* write a URL/ },
  { argv: "--web.external-url=http://a/:x", says: /^--web.route-prefix=/ },
  { argv: "--web.config.file=web.yml", says: /^flag --web.config.file is not supported yet$/ },
  { argv: "--no-such-flag", says: /--no-such-flag/ },
  { argv: "word", says: /word/ },
];

for (const { argv, says } of wrong) {
  test(`${argv} is refused with what to write instead`, () => {
    const parsed = parseRunFlags([argv]);
    assert.match(parsed.kind === "wrong" ? parsed.sentence : parsed.kind, says);
  });
}

test("the help names every flag that is taken", () => {
  const flags = [
    "config.file",
    "config.check",
    "config.enable-auto-reload",
    "config.auto-reload-interval",
    "web.listen-address",
    "web.systemd-socket",
    "web.external-url",
    "web.route-prefix",
    "web.enable-lifecycle",
    "timeout-offset",
    "history.limit",
    "log.level",
    "log.format",
    "log.prober",
  ];
  for (const flag of flags) assert.match(RUN_HELP, new RegExp(`^ {2}--${flag}\\b`, "m"));
  assert.equal(parseRunFlags(["--help"]).kind, "help");
});
