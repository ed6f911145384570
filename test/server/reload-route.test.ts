import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReloadResult } from "../../src/server/reload-service.ts";
import { ask, serve } from "./support.ts";

const PATH = "/-/reload";

const results: readonly {
  readonly result: ReloadResult;
  readonly status: number;
  readonly body: string;
}[] = [
  { result: { kind: "reloaded" }, status: 200, body: "" },
  { result: { kind: "unchanged" }, status: 200, body: "" },
  {
    result: { kind: "refused", sentence: "sounder.yml:3:5: no such key" },
    status: 500,
    body: "failed to reload config: sounder.yml:3:5: no such key\n",
  },
];

for (const { result, status, body } of results) {
  for (const method of ["POST", "PUT"]) {
    test(`${method} ${PATH} answers ${status} when the file was ${result.kind}`, async () => {
      let calls = 0;
      const reload = async () => {
        calls += 1;
        return result;
      };
      await using server = await serve({ reload });
      const answer = await ask(server.port, PATH, { method });
      assert.equal(answer.status, status);
      assert.equal(answer.body, body);
      assert.equal(calls, 1);
    });
  }
}

for (const method of ["GET", "HEAD", "DELETE", "OPTIONS", "PATCH"]) {
  test(`${method} ${PATH} reloads nothing`, async () => {
    const reload = () => Promise.reject(new Error("was asked"));
    await using server = await serve({ reload });
    const answer = await ask(server.port, PATH, { method });
    assert.equal(answer.status, 405);
    assert.equal(answer.headers.allow, "POST, PUT");
    const want = method === "HEAD" ? "" : "This endpoint requires a POST request.\n";
    assert.equal(answer.body, want);
  });
}

test(`${PATH} is closed unless it was opened`, async () => {
  await using server = await serve({ reload: undefined });
  const answer = await ask(server.port, PATH, { method: "POST" });
  assert.equal(answer.status, 403);
  assert.equal(answer.body, "Lifecycle API is not enabled.\n");
});

test("a reload that the agent could not try is a 500 without the cause", async () => {
  await using server = await serve({ reload: () => Promise.reject(new Error("/secret/path")) });
  const answer = await ask(server.port, PATH, { method: "POST" });
  assert.equal(answer.status, 500);
  assert.equal(answer.body, "the agent failed to answer; its log says why\n");
});
