import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { parse } from "yaml";
import type { Config } from "../../src/config/config.ts";
import { parseConfig } from "../../src/config/parse-config.ts";
import type { ProberName } from "../../src/probe/module.ts";
import { writeConfigPage } from "../../src/report/config-page.ts";
import { packageRoot } from "../support/golden.ts";
import { never } from "./fixtures.ts";

function configOf(text: string): Config {
  const parsed = parseConfig(text);
  if (parsed.ok) return parsed.value;
  throw new Error(
    `${parsed.problems.map(({ path, message }) => `${path} ${message}`).join("\n")}\n${text}`,
  );
}

async function pageOf(config: Config, chunks: string[] = []): Promise<string> {
  await writeConfigPage(config, {
    remarks: ["a remark"],
    sink: { write: (chunk) => void chunks.push(chunk) },
    signal: never,
    monotonicSeconds: () => performance.now() / 1000,
  });
  return chunks.join("");
}

/** What has an effect: of a module the block of its prober, of a group the paces of its probers. */
function inEffect(config: Config): unknown {
  const modules = Object.entries(config.modules).map(([name, module]) => {
    const block: ProberName = module.prober;
    return [name, { prober: block, timeout: module.timeout, block: module[block] }];
  });
  const isIcmp = (name: string): boolean => config.modules[name]?.prober === "icmp";
  const groups = config.groups.map(({ fastIcmp, ...group }) =>
    group.modules.some(isIcmp) ? { ...group, fastIcmp } : group,
  );
  return { ...config, groups, modules: Object.fromEntries(modules) };
}

const folder = join(packageRoot(), "test/config/good");
for (const name of readdirSync(folder).filter((file) => file.endsWith(".yml"))) {
  test(`the page of ${name} loads and means the same, but for the secrets`, async () => {
    const config = configOf(readFileSync(join(folder, name), "utf8"));
    const page = await pageOf(config);
    const again = configOf(page);
    assert.equal(await pageOf(again), page);
    if (!page.includes("<secret>")) assert.deepEqual(inEffect(again), inEffect(config));
  });
}

const groups = [
  { name: "a common fast pace", defaults: "{fast_interval: 2s}", group: "" },
  { name: "no common fast pace", defaults: "{fast_interval: 0s}", group: "" },
  {
    name: "a fast pace of its own",
    defaults: "{}",
    group: "fast_interval: 1s, fast_until_loss: 0.2",
  },
  { name: "no fast pace", defaults: "{}", group: "fast_interval: 0s" },
  { name: "echoes spread unevenly", defaults: "{}", group: "echoes: {count: 7}, interval: 2s" },
  { name: "buckets", defaults: "{}", group: "buckets: [1ms, 0.5]" },
  { name: "a loss window", defaults: "{loss_window: 90s}", group: "" },
  { name: "every address", defaults: "{}", group: "resolve: all" },
];

for (const { name, defaults, group } of groups) {
  test(`a group with ${name} is shown so that it loads as it is`, async () => {
    const written = `{name: "on", modules: [icmp, http_2xx], ${group === "" ? "" : `${group}, `}targets: [192.0.2.1]}`;
    const config = configOf(`defaults: ${defaults}\ngroups: [${written}]\n`);
    const page = await pageOf(config);
    const again = configOf(page);
    assert.equal(await pageOf(again), page);
    if (!name.includes("unevenly")) assert.deepEqual(inEffect(again), inEffect(config));
  });
}

test("secrets are hidden, and everything else of a module is there", async () => {
  const config = configOf(`
modules:
  login:
    prober: http
    http:
      headers: {X-Token: hunter2, Accept: "yes"}
      basic_auth: {username: u, password: hunter2}
      body: "password: shown\\n\\n\\u2028 \\x7f end"
`);
  const page = await pageOf(config);
  assert.doesNotMatch(page, /hunter2/);
  const { modules } = parse(page);
  assert.deepEqual(modules.login.http.headers, { "X-Token": "<secret>", Accept: "yes" });
  assert.deepEqual(modules.login.http.basic_auth, { username: "u", password: "<secret>" });
  assert.equal(configOf(page).modules["login"]?.http.body, "password: shown\n\n\u2028 \x7f end");
  assert.deepEqual(Object.keys(modules.login), ["prober", "http"]);
  assert.ok(page.startsWith("# a remark\nmodules:\n"));
});

test("labels of all targets alike are the group's, and any text survives", async () => {
  const rare = fc.constantFrom(
    "\x7f",
    "\x85",
    "\x9f",
    "\ufeff",
    "\uffff",
    "\ud800",
    "\u2028",
    "yes",
    ": ",
    " #",
    "\n",
  );
  const value = fc
    .array(fc.oneof(rare, fc.string({ unit: "binary", maxLength: 3 })), { maxLength: 8 })
    .map((parts) => parts.join(""));
  await fc.assert(
    fc.asyncProperty(value, value, value, async (common, own, body) => {
      const text = JSON.stringify({
        modules: { post: { prober: "http", http: { body } } },
        groups: [
          {
            name: "core",
            modules: ["post"],
            targets: [
              { target: "192.0.2.1", labels: { common } },
              { target: "192.0.2.2", labels: { common, own } },
            ],
          },
        ],
      });
      const parsed = parseConfig(text);
      fc.pre(parsed.ok);
      const page = await pageOf(parsed.value);
      assert.deepEqual(inEffect(configOf(page)), inEffect(parsed.value));
      assert.deepEqual(parse(page).groups[0].labels, { common });
    }),
    { numRuns: 60 },
  );
});

test("many targets are written in pieces, and the page ends when nobody reads it", async () => {
  const targets = Array.from({ length: 20_000 }, (_, at) => `host-${at}.example.net`);
  const config = configOf(
    JSON.stringify({
      icmp: { max_packets_per_second: 100_000 },
      groups: [{ name: "core", modules: ["icmp"], interval: "10s", targets }],
    }),
  );
  const chunks: string[] = [];
  await pageOf(config, chunks);
  assert.ok(chunks.length > 10);
  assert.ok(chunks.every((chunk) => chunk.length < 40_000));

  const gone = new AbortController();
  const reason = new Error("gone");
  let written = 0;
  const write = () => {
    written += 1;
    gone.abort(reason);
  };
  let seconds = 0;
  const monotonicSeconds = () => (seconds += 1);
  await assert.rejects(
    writeConfigPage(config, {
      remarks: [],
      sink: { write },
      signal: gone.signal,
      monotonicSeconds,
    }),
    reason,
  );
  assert.equal(written, 1);
});
