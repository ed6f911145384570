import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ProbeHistory } from "../../src/report/probe-history.ts";
import { silentLog } from "../../src/runtime/log.ts";
import { routesOf } from "../../src/server/routes.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { packageRoot } from "../support/golden.ts";
import { ask, configOf, fakeApi, fakeProbes, serve } from "./support.ts";

const routes = routesOf(
  {
    log: silentLog,
    metrics: async () => {},
    probe: fakeProbes(),
    api: fakeApi(),
    isReady: () => ({ ready: true, reason: "" }),
    landing: () => ({
      version: "",
      policyMode: "any",
      modules: [],
      groupCount: 0,
      targetCount: 0,
    }),
    configuration: () => ({ config: configOf("modules: {}"), policyMode: "any" }),
    history: new ProbeHistory(0),
    reload: undefined,
    web: { routePrefix: "", externalUrl: undefined },
    clock: fakeClock(),
  },
  "",
);

test("the list of routes is this, what is asked most often first", () => {
  assert.deepEqual(
    routes.map(({ path, methods }) => `${path} ${methods}`),
    [
      "/probe any",
      "/metrics reading",
      "/api/v1/targets reading",
      "/api/v1/ping reading",
      "/logs any",
      "/config any",
      "/-/healthy any",
      "/-/ready reading",
      "/-/reload any",
      "/ reading",
    ],
  );
});

test("every route is documented", () => {
  const page = readFileSync(join(packageRoot(), "docs/api.md"), "utf8");
  for (const { path } of routes) {
    const isNamed =
      page.includes(`\`GET ${path}\``) ||
      page.includes(`\`GET ${path}?`) ||
      page.includes(`\`POST ${path}\``);
    assert.ok(isNamed, path);
  }
});

for (const { path, link } of routes.filter((route) => route.link !== undefined)) {
  test(`the page leads to ${path}, which is there`, async () => {
    await using server = await serve();
    const { body } = await ask(server.port, "/");
    const query = link?.query === undefined ? "" : `?${link.query}`;
    assert.ok(body.includes(`href="${path}${query}"`));
    assert.equal((await ask(server.port, path + query)).status, 200);
  });
}
