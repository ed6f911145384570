import assert from "node:assert/strict";
import { linkSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Authority, createAuthority, type Issued } from "../certificates.ts";
import { detailOf, serve, unix } from "../dialogue/peers.ts";
import { reasonOf } from "../lab.ts";

let folder: string;
let authority: Authority;
let site: Issued;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "sounder-unix-"));
  authority = createAuthority();
  site = authority.issue({ name: "site", subject: "/CN=db.example", names: "DNS:db.example" });
});
after(() => {
  authority.close();
  rmSync(folder, { recursive: true });
});

test("a socket that somebody listens on is a success", async (t) => {
  const { target } = await serve(t, () => {}, join(folder, "up.sock"));
  const outcome = await unix(target);
  assert.equal(reasonOf(outcome), "succeeded");
  assert.equal(outcome.address, undefined);
  assert.equal(outcome.lookupSeconds, 0);
  const { phases, ...facts } = outcome.facts;
  assert.ok(phases.connect > 0);
  assert.deepEqual(Object.keys(phases), ["connect", "tls", "processing"]);
  assert.deepEqual(facts, {
    protocol: "unix",
    isFailedByRegexp: false,
    isFailedByBytes: false,
    expectInfo: undefined,
    isConnected: true,
    tls: undefined,
  });
});

test("no guard is asked about a path", async (t) => {
  const { target } = await serve(t, () => {}, join(folder, "guarded.sock"));
  const guard = () => assert.fail("the guard was asked");
  assert.equal(reasonOf(await unix(target, {}, { tools: { guard } })), "succeeded");
});

test("a dialogue goes over the socket as over the network", async (t) => {
  const { target } = await serve(
    t,
    async (caller) => {
      assert.equal(await caller.line(), "PING");
      caller.say("+PONG 7.2\r\n");
    },
    join(folder, "redis.sock"),
  );
  const labels = [{ name: "version", value: "${1}" }];
  const outcome = await unix(target, {
    query_response: [{ send: "PING" }, { expect: "PONG (.*)", labels }],
  });
  assert.equal(reasonOf(outcome), "succeeded");
  assert.deepEqual(outcome.facts.expectInfo, [["version", "7.2"]]);
});

test("@name is the abstract socket of that name", async (t) => {
  const name = `sounder-test-${process.pid}`;
  await serve(t, (caller) => caller.say("here\n"), `\0${name}`);
  const outcome = await unix(`@${name}`, { query_response: [{ expect: "^here$" }] });
  assert.equal(reasonOf(outcome), "succeeded");
});

test("a socket may be reached by a symbolic link", async (t) => {
  await serve(t, () => {}, join(folder, "linked.sock"));
  symlinkSync(join(folder, "linked.sock"), join(folder, "link"));
  assert.equal(reasonOf(await unix(join(folder, "link"))), "succeeded");
});

test("a path without anything there is unreachable", async () => {
  const outcome = await unix(join(folder, "none.sock"));
  assert.equal(reasonOf(outcome), "connect_unreachable");
  assert.match(detailOf(outcome), /^there is no socket "/);
  assert.equal(outcome.facts.isConnected, false);
});

test("a path below what is no directory is unreachable", async () => {
  writeFileSync(join(folder, "plain"), "");
  const outcome = await unix(join(folder, "plain/none.sock"));
  assert.equal(reasonOf(outcome), "connect_unreachable");
});

test("a file that is no socket is refused", async () => {
  writeFileSync(join(folder, "file"), "");
  const outcome = await unix(join(folder, "file"));
  assert.equal(reasonOf(outcome), "connect_refused");
  assert.match(detailOf(outcome), /or it is no socket$/);
});

test("an abstract socket that nobody listens on is refused", async () => {
  assert.equal(reasonOf(await unix("@sounder-nobody")), "connect_refused");
});

// As root nothing is forbidden, so these come from a socket that is handed in.
const codes = [
  { code: "EACCES", reason: "connect_unreachable", says: /^permission denied on "/ },
  { code: "EPERM", reason: "connect_unreachable", says: /^permission denied on "/ },
  { code: "EPROTOTYPE", reason: "connect_refused", says: /is no stream socket$/ },
  { code: "EAGAIN", reason: "connect_refused", says: /^the queue of / },
  { code: "EMFILE", reason: "agent_overloaded", says: /^cannot connect: / },
] as const;

for (const { code, reason, says } of codes) {
  test(`${code} of the kernel is the reason ${reason}`, async () => {
    const open = () => {
      const socket = new Socket();
      queueMicrotask(() => socket.destroy(Object.assign(new Error(`connect ${code}`), { code })));
      return socket;
    };
    const outcome = await unix("/run/app.sock", {}, { tools: { open } });
    assert.equal(reasonOf(outcome), reason);
    assert.match(detailOf(outcome), says);
  });
}

const badPaths = [
  { name: "of 108 bytes", target: `/${"x".repeat(107)}`, says: /at most 107 bytes/ },
  { name: "with a zero byte", target: "/run/a\0b", says: /zero byte/ },
  { name: "that is empty", target: "", says: /is empty/ },
] as const;

for (const { name, target, says } of badPaths) {
  test(`a path ${name} is a bad target`, async () => {
    const outcome = await unix(target);
    assert.equal(reasonOf(outcome), "bad_target");
    assert.match(detailOf(outcome), says);
  });
}

const tlsCases = [
  { name: "of the name that server_name tells", server: "db.example", reason: "succeeded" },
  { name: "of another name", server: "web.example", reason: "tls_name_mismatch" },
] as const;

for (const { name, server, reason } of tlsCases) {
  for (const isLate of [false, true]) {
    test(`${isLate ? "starttls" : "tls"} with a certificate ${name} ends with ${reason}`, async (t) => {
      const path = join(folder, `${reason}-${isLate}.sock`);
      const { target } = await serve(t, (caller) => caller.startTls(site), path);
      const outcome = await unix(target, {
        tls: !isLate,
        query_response: isLate ? [{ starttls: true }] : [],
        tls_config: { ca_file: authority.caFile, server_name: server },
      });
      assert.equal(reasonOf(outcome), reason);
      assert.equal(outcome.facts.tls?.leaf.subjectAlternative, "db.example");
    });
  }
}

test("a peer that says nothing ends the probe at its deadline", async (t) => {
  const { target } = await serve(t, () => {}, join(folder, "silent.sock"));
  const options = { query_response: [{ expect: "hello" }] };
  const outcome = await unix(target, options, { timeoutSeconds: 0.1 });
  assert.equal(reasonOf(outcome), "expect_timeout");
});

test("a socket whose listener has gone is refused", async (t) => {
  const path = join(folder, "left.sock");
  const { target, server } = await serve(t, () => {}, path);
  // Closing the server takes its path away; the link keeps the file.
  linkSync(target, join(folder, "kept.sock"));
  await new Promise<void>((done) => server.close(() => done()));
  assert.equal(reasonOf(await unix(join(folder, "kept.sock"))), "connect_refused");
});
