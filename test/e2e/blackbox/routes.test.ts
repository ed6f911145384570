import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { parse } from "yaml";
import { canRunLab } from "../../netlab/can-run.ts";
import { parseExposition } from "../../support/exposition.ts";
import { openHttpServers } from "./http-server.ts";
import { type Close, closeAll } from "./listening.ts";
import { enterParityNetwork, NAMES } from "./network.ts";
import { blackboxMissing, type Pair, startPair } from "./pair.ts";
import {
  CONFIG_WITH_SECRETS,
  LOG_CASES,
  ROUTE_CASES,
  SECRETS,
  TARGET,
  TIMEOUT_CASES,
} from "./route-cases.ts";

const reason = (await canRunLab()) ?? blackboxMissing();
const skip = reason ?? false;

// The runner does not count a suite that is left out; this makes it known that something was.
test("blackbox_exporter is here to be compared with", { skip }, () => {
  assert.equal(blackboxMissing(), undefined);
});

describe("routes of blackbox_exporter", { skip }, () => {
  let closes: readonly Close[] = [];
  let pair: Pair;

  before(async () => {
    closes = [await enterParityNetwork(), await openHttpServers()];
    pair = await startPair(CONFIG_WITH_SECRETS, NAMES);
  });

  after(() => closeAll([async () => pair?.stop(), ...closes]));

  for (const { name, path, headers, method, status } of ROUTE_CASES) {
    test(`${name} has blackbox_exporter's answer`, async () => {
      const { theirs, ours } = await pair.ask({
        path,
        ...(headers === undefined ? {} : { headers }),
        ...(method === undefined ? {} : { method }),
      });
      assert.equal(theirs.status, status, theirs.body);
      assert.deepEqual(ours, theirs);
    });
  }

  for (const { name, path, status, body } of LOG_CASES) {
    test(`${name} has the answer of later versions`, async () => {
      const { ours } = await pair.ask({ path });
      assert.deepEqual({ status: ours.status, body: ours.body }, { status, body });
    });
  }

  for (const { name, module, headers } of TIMEOUT_CASES) {
    test(`the timeout of ${name} is what blackbox_exporter makes of it`, async () => {
      const path = `/probe?module=${module}&target=${encodeURIComponent(TARGET)}`;
      const { theirs, ours } = await pair.ask({
        theirs: { path: `${path}&debug=true`, headers },
        ours: { path, headers },
      });
      const wanted = Number(/timeout_seconds=(\S+)/.exec(theirs.body)?.[1]);
      const samples = parseExposition(ours.body).get("probe_timeout_seconds")?.samples ?? [];
      assert.deepEqual(
        samples.map(({ value }) => value),
        [wanted],
      );
    });
  }

  test("a page of /probe has blackbox_exporter's content type, for GET, HEAD and POST", async () => {
    const path = `/probe?module=http_2xx&target=${encodeURIComponent(TARGET)}`;
    for (const method of ["GET", "HEAD", "POST"]) {
      const { theirs, ours } = await pair.ask({ path, method });
      assert.equal(ours.status, theirs.status);
      assert.equal(ours.contentType, theirs.contentType);
      assert.equal(ours.body === "", theirs.body === "", method);
    }
  });

  test("debug=true has blackbox_exporter's three parts in its order", async () => {
    const { theirs, ours } = await pair.ask({
      path: `/probe?module=http_2xx&target=${encodeURIComponent(TARGET)}&debug=true`,
    });
    const headings = (body: string): readonly string[] =>
      body.split("\n").filter((line) => /^[A-Z][a-z ]+:$/.test(line));
    assert.deepEqual(headings(ours.body), headings(theirs.body));
    assert.equal(ours.contentType.split(";")[0], theirs.contentType.split(";")[0]);
  });

  test("/config holds what blackbox_exporter's holds", async () => {
    const { theirs, ours } = await pair.ask({ path: "/config" });
    assert.equal(ours.status, 200);
    assert.equal(ours.contentType.split(";")[0], theirs.contentType.split(";")[0]);
    assert.deepEqual(missingFrom(parse(ours.body), inUse(parse(theirs.body))), []);
  });

  test("neither /config nor a debug page shows a secret", async () => {
    const { ours: config } = await pair.ask({ path: "/config" });
    const { ours: page } = await pair.ask({
      path: `/probe?module=with_secrets&target=${encodeURIComponent(TARGET)}&debug=true`,
    });
    for (const secret of SECRETS) {
      assert.ok(!config.body.includes(secret), `/config shows ${secret}`);
      assert.ok(!page.body.includes(secret), `the debug page shows ${secret}`);
    }
  });
});

/** A configuration without the blocks of probers that a module does not name: ours leaves these out. */
function inUse(config: { readonly modules: Readonly<Record<string, Record<string, unknown>>> }) {
  const modules = Object.entries(config.modules).map(([name, module]) => {
    const { prober, timeout } = module;
    const block = String(prober);
    return [
      name,
      { prober, ...(timeout === undefined ? {} : { timeout }), [block]: module[block] },
    ];
  });
  return { modules: Object.fromEntries(modules) };
}

/** Values of one configuration that another has not, or has in another way. */
function missingFrom(ours: unknown, theirs: unknown, path = ""): readonly string[] {
  if (typeof theirs !== "object" || theirs === null) {
    const isSame = JSON.stringify(ours) === JSON.stringify(theirs);
    return isSame ? [] : [`${path} is ${JSON.stringify(theirs)}, ours ${JSON.stringify(ours)}`];
  }
  const own: Readonly<Record<string, unknown>> =
    typeof ours === "object" && ours !== null ? { ...ours } : {};
  return Object.entries(theirs).flatMap(([key, value]) =>
    missingFrom(own[key], value, `${path}.${key}`),
  );
}
