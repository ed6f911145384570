import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { textOfBytes } from "../../../src/runtime/binary-text.ts";
import { type Authority, createAuthority, type Issued } from "../certificates.ts";
import { reasonOf } from "../lab.ts";
import { type Caller, detailOf, promised, serve, tcp } from "./peers.ts";

let authority: Authority;
let mail: Issued;

before(() => {
  authority = createAuthority();
  mail = authority.issue({
    name: "mail",
    subject: "/O=Lab/CN=mail.example",
    names: "DNS:mail.example",
  });
});
after(() => authority.close());

const trusting = () => ({ ca_file: authority.caFile });

const SMTP = [
  { expect: "^220 ([^ ]+) ESMTP (.+)$" },
  { send: "EHLO prober\r" },
  { expect: "^250-STARTTLS" },
  { send: "STARTTLS\r" },
  { expect: "^220" },
  { starttls: true },
  { send: "EHLO prober\r" },
  { expect: "^250-AUTH" },
  { send: "QUIT\r" },
] as const;

/** A mail server up to the handshake, with what it says in the clear after its last word. */
async function untilTls(caller: Caller, injected = ""): Promise<Caller> {
  caller.say("220 mail.example ESMTP Lab\r\n");
  assert.equal(await caller.line(), "EHLO prober\r");
  caller.say("250-mail.example\r\n250-STARTTLS\r\n250 DSN\r\n");
  assert.equal(await caller.line(), "STARTTLS\r");
  caller.say(`220 2.0.0 Ready to start TLS\r\n${injected}`);
  return await caller.startTls(mail);
}

test("an SMTP dialogue goes on behind STARTTLS", { timeout: 20_000 }, async (t) => {
  const heard = promised<string[]>();
  const { port } = await serve(t, async (caller) => {
    const secured = await untilTls(caller);
    const greeting = await secured.line();
    secured.say("250-AUTH PLAIN\r\n250 DSN\r\n");
    heard.resolve([greeting, await secured.line()]);
  });
  const outcome = await tcp(`mail.example:${port}`, {
    query_response: SMTP,
    tls_config: trusting(),
  });
  assert.equal(reasonOf(outcome), "succeeded");
  const { tls, phases } = outcome.facts;
  assert.equal(tls?.version, "TLS 1.3");
  assert.equal(tls?.leaf.subjectAlternative, "mail.example");
  assert.ok(tls?.verifiedNotAfterSeconds !== undefined);
  assert.ok(phases.tls > 0);
  assert.ok(phases.processing > 0);
  assert.deepEqual(await heard.promise, ["EHLO prober\r", "QUIT\r"]);
});

test("an IMAP dialogue goes on behind STARTTLS", async (t) => {
  const { port } = await serve(t, async (caller) => {
    caller.say("* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] ready\r\n");
    assert.equal(await caller.line(), ". STARTTLS");
    caller.say(". OK Begin TLS negotiation now\r\n");
    const secured = await caller.startTls(mail);
    assert.equal(await secured.line(), ". capability");
    secured.say("* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n. OK done\r\n");
  });
  const outcome = await tcp(`mail.example:${port}`, {
    query_response: [
      { expect: "OK.*STARTTLS" },
      { send: ". STARTTLS" },
      { expect: "OK" },
      { starttls: true },
      { send: ". capability" },
      { expect: "CAPABILITY IMAP4rev1" },
    ],
    tls_config: trusting(),
  });
  assert.equal(reasonOf(outcome), "succeeded");
});

test("PostgreSQL is asked for TLS in bytes, and says yes in one", {
  timeout: 20_000,
}, async (t) => {
  const request = Buffer.from("AAAACATSFi8=", "base64");
  const heard = promised<Buffer>();
  const { port } = await serve(t, async (caller) => {
    heard.resolve(Buffer.from(await caller.line(), "latin1"));
    caller.say("S");
    await caller.startTls(mail);
  });
  const outcome = await tcp(`mail.example:${port}`, {
    query_response: [{ send: textOfBytes(request) }, { expect_bytes: "S" }, { starttls: true }],
    tls_config: trusting(),
  });
  assert.equal(reasonOf(outcome), "succeeded");
  assert.ok(outcome.facts.tls !== undefined);
  assert.deepEqual(await heard.promise, request);
});

test("what was said in the clear before the handshake is not taken for what comes behind it", async (t) => {
  const { port } = await serve(t, async (caller) => {
    const secured = await untilTls(caller, "250-AUTH injected\r\n");
    await secured.line();
    secured.socket.end("500 no\r\n");
  });
  const outcome = await tcp(`mail.example:${port}`, {
    query_response: SMTP,
    tls_config: trusting(),
  });
  assert.equal(reasonOf(outcome), "expect_mismatch");
  assert.match(detailOf(outcome), /"500 no"/);
});

test("expect_bytes behind the handshake takes nothing from before it", async (t) => {
  const { port } = await serve(t, async (caller) => {
    caller.say("ready\n");
    await caller.line();
    caller.say("now\nXYZ");
    const secured = await caller.startTls(mail);
    secured.say("abc");
  });
  const outcome = await tcp(`mail.example:${port}`, {
    query_response: [
      { expect: "ready", send: "go" },
      { expect: "now", starttls: true },
      { expect_bytes: "abc" },
    ],
    tls_config: trusting(),
  });
  assert.equal(reasonOf(outcome), "succeeded");
});

test("a certificate that is not to be believed ends the dialogue, and is shown", async (t) => {
  let isSpokenTo = false;
  const { port } = await serve(t, async (caller) => {
    const secured = await untilTls(caller);
    isSpokenTo = (await secured.line()) !== "";
  });
  const outcome = await tcp(`mail.example:${port}`, { query_response: SMTP });
  assert.equal(reasonOf(outcome), "tls_untrusted");
  assert.equal(outcome.facts.tls?.verifiedNotAfterSeconds, undefined);
  assert.equal(outcome.facts.tls?.leaf.subjectAlternative, "mail.example");
  assert.equal(outcome.facts.isConnected, true);
  assert.equal(isSpokenTo, false);
});

const names = [
  {
    name: "the target's host",
    host: "mail.example",
    server: "",
    hostname: undefined,
    reason: "succeeded",
  },
  {
    name: "another host",
    host: "web.example",
    server: "",
    hostname: undefined,
    reason: "tls_name_mismatch",
  },
  {
    name: "an address",
    host: "127.0.0.1",
    server: "",
    hostname: undefined,
    reason: "tls_name_mismatch",
  },
  {
    name: "server_name",
    host: "127.0.0.1",
    server: "mail.example",
    hostname: undefined,
    reason: "succeeded",
  },
  {
    name: "the parameter hostname",
    host: "127.0.0.1",
    server: "",
    hostname: "mail.example",
    reason: "succeeded",
  },
  {
    name: "server_name before the parameter hostname",
    host: "127.0.0.1",
    server: "mail.example",
    hostname: "web.example",
    reason: "succeeded",
  },
] as const;

for (const { name, host, server, hostname, reason } of names) {
  test(`the name in the certificate is held against ${name}`, async (t) => {
    const { port } = await serve(t, (caller) => caller.startTls(mail));
    const outcome = await tcp(
      `${host}:${port}`,
      { query_response: [{ starttls: true }], tls_config: { ...trusting(), server_name: server } },
      hostname === undefined ? {} : { hostname },
    );
    assert.equal(reasonOf(outcome), reason);
  });
}

test("insecure_skip_verify believes any certificate", async (t) => {
  const { target } = await serve(t, (caller) => caller.startTls(mail));
  const outcome = await tcp(target, {
    query_response: [{ starttls: true }],
    tls_config: { insecure_skip_verify: true },
  });
  assert.equal(reasonOf(outcome), "succeeded");
  assert.equal(outcome.facts.tls?.verifiedNotAfterSeconds, undefined);
});

const endings = [
  { name: "ends the connection", end: (caller: Caller) => caller.socket.end() },
  { name: "resets the connection", end: (caller: Caller) => caller.socket.resetAndDestroy() },
  {
    name: "goes on in the clear",
    end: (caller: Caller) => caller.say("250 what do you mean?\r\n"),
  },
] as const;

for (const { name, end } of endings) {
  test(`a peer that ${name} instead of a handshake fails it`, async (t) => {
    const { target } = await serve(t, async (caller) => {
      caller.say("ready\n");
      await caller.line();
      end(caller);
    });
    const steps = [{ expect: "ready", send: "go" }, { starttls: true }];
    const outcome = await tcp(target, {
      query_response: steps,
      tls_config: { insecure_skip_verify: true },
    });
    assert.equal(reasonOf(outcome), "tls_handshake");
  });
}

test("a peer that has ended before starttls fails the handshake at once", async (t) => {
  const { target } = await serve(t, (caller) => caller.socket.end("a\nb"));
  const outcome = await tcp(target, {
    query_response: [{ expect: "b" }, { starttls: true }],
    tls_config: { insecure_skip_verify: true },
  });
  assert.equal(reasonOf(outcome), "tls_handshake");
});

test("a peer that falls silent in the handshake ends the probe at its deadline", async (t) => {
  const { target } = await serve(t, (caller) => caller.say("ready\n"));
  const steps = [{ expect: "ready" }, { starttls: true }];
  const outcome = await tcp(target, { query_response: steps }, { timeoutSeconds: 0.3 });
  assert.equal(reasonOf(outcome), "tls_timeout");
});

test("a peer that falls silent behind the handshake ends the probe at its deadline", async (t) => {
  const { target } = await serve(t, (caller) => caller.startTls(mail));
  const outcome = await tcp(
    target,
    {
      query_response: [{ starttls: true }, { expect: "hello" }],
      tls_config: { insecure_skip_verify: true },
    },
    { timeoutSeconds: 0.5 },
  );
  assert.equal(reasonOf(outcome), "expect_timeout");
});

test("a dialogue behind TLS that comes byte by byte is the same dialogue", async (t) => {
  // The bytes of the handshake and of its records, one in a packet.
  const { port: inner } = await serve(t, async (caller) => {
    const secured = await caller.startTls(mail);
    assert.equal(await secured.line(), "PING");
    secured.say("+PONG\r\n");
  });
  const { target } = await serve(t, (caller) => {
    caller.socket.removeAllListeners("data");
    caller.socket.setNoDelay(true);
    const other = connect(inner, "127.0.0.1");
    caller.socket.pipe(other);
    caller.socket.on("close", () => other.destroy());
    other.on("error", () => caller.socket.destroy());
    other.on("data", (chunk: Buffer) => {
      for (const byte of chunk) caller.socket.write(Buffer.from([byte]));
    });
  });
  const outcome = await tcp(target, {
    tls: true,
    tls_config: { ...trusting(), server_name: "mail.example" },
    query_response: [{ send: "PING" }, { expect: "^[+]PONG$" }],
  });
  assert.equal(reasonOf(outcome), "succeeded");
});

test("a ca_file that cannot be read ends the dialogue where TLS begins", async (t) => {
  const { target } = await serve(t, (caller) => caller.say("ready\n"));
  const outcome = await tcp(target, {
    query_response: [{ expect: "ready" }, { starttls: true }],
    tls_config: { ca_file: "/nowhere/ca.pem" },
  });
  assert.equal(reasonOf(outcome), "tls_untrusted");
  assert.match(detailOf(outcome), /ca_file/);
  assert.equal(outcome.facts.tls, undefined);
});

test("a server sees the handshake end whole, and the connection closed, where nothing is said behind it", {
  timeout: 20_000,
}, async (t) => {
  const heard = promised<string>();
  const { port } = await serve(t, async (caller) => {
    const secured = await caller.startTls(mail);
    heard.resolve(await secured.line());
  });
  const outcome = await tcp(`mail.example:${port}`, {
    query_response: [{ starttls: true }],
    tls_config: trusting(),
  });
  assert.equal(reasonOf(outcome), "succeeded");
  assert.equal(await heard.promise, "");
});

test("the module's certificate is shown to a server that asks for one", {
  timeout: 20_000,
}, async (t) => {
  const client = authority.issue({ name: "client", subject: "/CN=prober" });
  const shown = promised<string | undefined>();
  const { port } = await serve(t, async (caller) => {
    const secured = await caller.startTls({
      ...mail,
      ca: readFileSync(authority.caFile, "utf8"),
      requestCert: true,
    });
    shown.resolve(secured.commonName());
  });
  const outcome = await tcp(`mail.example:${port}`, {
    query_response: [{ starttls: true }],
    tls_config: { ...trusting(), cert_file: client.certFile, key_file: client.keyFile },
  });
  assert.equal(reasonOf(outcome), "succeeded");
  assert.equal(await shown.promise, "prober");
});
