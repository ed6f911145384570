import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, type TestContext, test } from "node:test";
import { type Authority, createAuthority, type Issued } from "../certificates.ts";
import { probe, reasonOf, type TestServer } from "../lab.ts";

let authority: Authority;
let site: Issued;
let stranger: Authority;

before(() => {
  authority = createAuthority();
  stranger = createAuthority();
  site = authority.issue({ name: "site", subject: "/CN=site.example", names: "DNS:site.example" });
});
after(() => {
  authority.close();
  stranger.close();
});

/** The server of OpenSSL's own program, which lets nobody in without a certificate of the authority. */
async function serveAsking(t: TestContext, flag: "-tls1_2" | "-tls1_3"): Promise<TestServer> {
  const files = ["-cert", site.certFile, "-key", site.keyFile, "-CAfile", authority.caFile];
  const args = ["s_server", "-accept", "127.0.0.1:0", flag, ...files, "-Verify", "1"];
  const server = spawn("openssl", [...args, "-verify_return_error", "-www"]);
  const closed = once(server, "close");
  t.after(async () => {
    server.kill("SIGKILL");
    await closed;
  });
  let said = "";
  const port = await new Promise<string>((resolve, reject) => {
    // Read on to the end: a program that nobody listens to ends by SIGPIPE.
    server.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      const [, found] = /ACCEPT \S+:(\d+)/.exec(said) ?? [];
      if (found !== undefined) resolve(found);
    });
    server.stderr.resume();
    server.once("close", () => reject(new Error(`Cannot start openssl s_server: ${said}`)));
  });
  return { port: Number(port) };
}

for (const { flag, shown } of [
  { flag: "-tls1_2", shown: "TLS 1.2" },
  { flag: "-tls1_3", shown: "TLS 1.3" },
] as const) {
  for (const { name, own } of [
    { name: "without a client certificate", own: () => ({}) },
    {
      name: "with a client certificate of another authority",
      own: () => {
        const client = stranger.issue({ name: "client", subject: "/CN=client", names: "DNS:c" });
        return { cert_file: client.certFile, key_file: client.keyFile };
      },
    },
  ] as const) {
    test(`a server of ${shown} that refuses a probe ${name} shows its certificate all the same`, async (t) => {
      const { port } = await serveAsking(t, flag);
      const outcome = await probe(`https://site.example:${port}`, {
        tls_config: { ca_file: authority.caFile, ...own() },
      });
      assert.equal(reasonOf(outcome), "tls_client_certificate");
      const { tls } = outcome.facts;
      assert.equal(tls?.version, shown);
      assert.match(tls?.cipher ?? "", /^TLS_.*_(?:SHA256|SHA384)$/);
      assert.equal(tls?.leaf.subject, "CN=site.example");
      assert.ok((tls?.earliestNotAfterSeconds ?? 0) > Date.now() / 1000);
    });
  }
}

test("a handshake cut off before its end has verified nothing", async (t) => {
  const { port } = await serveAsking(t, "-tls1_2");
  const trusting = { tls_config: { ca_file: authority.caFile } };
  const outcome = await probe(`https://site.example:${port}`, trusting);
  assert.equal(outcome.facts.tls?.verifiedNotAfterSeconds, undefined);
  assert.equal(outcome.facts.isTls, false);
});
