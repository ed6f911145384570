import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, serve } from "./support.ts";

const JSON_TYPE = "application/json; charset=utf-8";

for (const path of ["/api/v1/", "/api/v1/nowhere", "/api/v1/targets/", "/api/v1/Ping"]) {
  test(`${path} is a 404 in JSON`, async () => {
    await using server = await serve();
    const answer = await ask(server.port, path);
    assert.equal(answer.status, 404);
    assert.equal(answer.headers["content-type"], JSON_TYPE);
    assert.deepEqual(JSON.parse(answer.body), { error: `there is nothing at ${path}` });
  });
}

for (const path of ["/api/v1/targets", "/api/v1/ping"]) {
  test(`${path} is for reading`, async () => {
    await using server = await serve();
    const refused = await ask(server.port, path, { method: "POST" });
    assert.equal(refused.status, 405);
    assert.equal(refused.headers.allow, "GET, HEAD, OPTIONS");
    assert.deepEqual(JSON.parse(refused.body), {
      error: `method POST is not allowed for ${path}: use GET`,
    });
    assert.equal((await ask(server.port, path, { method: "OPTIONS" })).status, 204);
  });
}

test("the API moves under the route prefix, and its errors name the whole path", async () => {
  await using server = await serve({ web: { routePrefix: "/sounder", externalUrl: undefined } });
  const statusOf = async (path: string) => (await ask(server.port, path)).status;
  assert.equal(await statusOf("/sounder/api/v1/targets?state=failing"), 200);
  assert.equal(await statusOf("/sounder/api/v1/ping?target=192.0.2.1"), 200);
  assert.equal(await statusOf("/api/v1/targets"), 404);
  const { body } = await ask(server.port, "/sounder/api/v1/x");
  assert.deepEqual(JSON.parse(body), { error: "there is nothing at /sounder/api/v1/x" });
});

test("the landing page leads to the error list", async () => {
  await using server = await serve();
  const { body } = await ask(server.port, "/");
  assert.ok(body.includes('href="/api/v1/targets?state=failing"'));
});
