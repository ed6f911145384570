import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import type { Socket } from "node:net";
import { after, before, test } from "node:test";
import { openSocket } from "../../../src/probe/connect.ts";
import { type Authority, createAuthority, type Issued } from "../certificates.ts";
import { later, reasonOf } from "../lab.ts";
import { type Caller, serve, tcp } from "./peers.ts";

let authority: Authority;
let site: Issued;

before(() => {
  authority = createAuthority();
  site = authority.issue({ name: "site", subject: "/CN=a", names: "IP:127.0.0.1" });
});
after(() => authority.close());

const greet = (caller: Caller): void => caller.say("hello\n");

/** Greets, and speaks TLS once it was asked to; the answer keeps the handshake apart from the question. */
async function upgrade(caller: Caller): Promise<void> {
  greet(caller);
  await caller.line();
  caller.say("ready\n");
  await caller.startTls(site);
}

const trusted = () => ({ ca_file: authority.caFile });
const TLS_STEPS = [
  { expect: "hello", send: "go" },
  { expect: "ready", starttls: true },
];

const endings: readonly {
  readonly name: string;
  readonly script: (caller: Caller) => unknown;
  readonly options: () => Record<string, unknown>;
  readonly reason: string;
}[] = [
  { name: "a connection", script: greet, options: () => ({}), reason: "succeeded" },
  {
    name: "a dialogue",
    script: greet,
    options: () => ({ query_response: [{ expect: "hello", send: "bye" }] }),
    reason: "succeeded",
  },
  {
    name: "a dialogue that goes wrong",
    script: greet,
    options: () => ({ query_response: [{ expect_bytes: "jello" }] }),
    reason: "expect_mismatch",
  },
  {
    name: "a silent peer",
    script: greet,
    options: () => ({ query_response: [{ expect: "bye" }] }),
    reason: "expect_timeout",
  },
  {
    name: "a connection by TLS",
    script: (caller) => caller.startTls(site),
    options: () => ({ tls: true, tls_config: trusted() }),
    reason: "succeeded",
  },
  {
    name: "a dialogue that goes on behind TLS",
    script: upgrade,
    options: () => ({ query_response: TLS_STEPS, tls_config: trusted() }),
    reason: "succeeded",
  },
  {
    name: "a certificate that is not trusted",
    script: upgrade,
    options: () => ({ query_response: TLS_STEPS }),
    reason: "tls_untrusted",
  },
  {
    name: "silence behind TLS",
    script: upgrade,
    options: () => ({
      query_response: [...TLS_STEPS, { expect: "never" }],
      tls_config: trusted(),
    }),
    reason: "expect_timeout",
  },
];

for (const { name, script, options, reason } of endings) {
  test(`nothing is left of ${name}`, async (t) => {
    const { target } = await serve(t, script);
    const opened: Socket[] = [];
    const caller = new AbortController();
    const outcome = await tcp(target, options(), {
      timeoutSeconds: reason.endsWith("_timeout") ? 0.5 : 20,
      signal: caller.signal,
      tools: {
        open: (to) => {
          const socket = openSocket(to);
          opened.push(socket);
          return socket;
        },
      },
    });
    assert.equal(reasonOf(outcome), reason);
    assert.deepEqual(
      opened.map(({ destroyed }) => destroyed),
      [true],
    );
    assert.deepEqual(getEventListeners(caller.signal, "abort"), []);
  });
}

for (const afterSeconds of [0, 0.005, 0.02]) {
  test(`a caller that goes away after ${afterSeconds} s leaves nothing behind`, async (t) => {
    const { target } = await serve(t, upgrade);
    const opened: Socket[] = [];
    const caller = new AbortController();
    later(afterSeconds, () => caller.abort());
    const steps = [...TLS_STEPS, { expect: "never" }];
    const outcome = await tcp(
      target,
      { query_response: steps, tls_config: trusted() },
      {
        signal: caller.signal,
        tools: {
          open: (to) => {
            const socket = openSocket(to);
            opened.push(socket);
            return socket;
          },
        },
      },
    );
    assert.equal(reasonOf(outcome), "cancelled");
    assert.ok(opened.every(({ destroyed }) => destroyed));
  });
}
