import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { MAX_LINE_BYTES, MAX_LINES, MAX_READ_BYTES } from "../../../src/probe/dialogue/peer.ts";
import { reasonOf } from "../lab.ts";
import { type Caller, detailOf, promised, serve, tcp } from "./peers.ts";

test("lines are read until one matches", async (t) => {
  const { target } = await serve(t, (caller) => caller.say("one\r\ntwo\nthree\r\n"));
  const outcome = await tcp(target, { query_response: [{ expect: "^three$" }] });
  assert.equal(reasonOf(outcome), "succeeded");
  assert.ok(outcome.facts.phases.processing > 0);
});

test("each step goes on with the line after the one that matched", async (t) => {
  const { target } = await serve(t, (caller) => {
    caller.say("a\nb\na\n");
    caller.socket.end();
  });
  const steps = [{ expect: "a" }, { expect: "a" }];
  assert.equal(reasonOf(await tcp(target, { query_response: steps })), "succeeded");
  const more = [...steps, { expect: "" }];
  assert.equal(reasonOf(await tcp(target, { query_response: more })), "dialogue_closed");
});

test("the last line counts without its line feed, and nothing after the last line feed does not", async (t) => {
  const { target } = await serve(t, (caller) => {
    caller.say("first\nlast");
    caller.socket.end();
  });
  assert.equal(
    reasonOf(await tcp(target, { query_response: [{ expect: "^last$" }] })),
    "succeeded",
  );
  const { target: ended } = await serve(t, (caller) => {
    caller.say("first\n");
    caller.socket.end();
  });
  const steps = [{ expect: "first" }, { expect: "^$" }];
  assert.equal(reasonOf(await tcp(ended, { query_response: steps })), "dialogue_closed");
});

test("a line in which no expectation is found fails by regexp when the peer has ended", async (t) => {
  const { target } = await serve(t, async (caller) => {
    caller.say(":ircd NOTICE AUTH :*** Looking up your hostname...\n");
    await caller.line();
    await caller.line();
    caller.say("ERROR: Your IP address has been blacklisted.\n");
    caller.socket.end();
  });
  const steps = [
    { send: "NICK prober" },
    { send: "USER prober prober prober :prober" },
    { expect: "^:[^ ]+ 001" },
  ];
  const outcome = await tcp(target, { query_response: steps });
  assert.equal(reasonOf(outcome), "expect_mismatch");
  assert.equal(outcome.facts.isFailedByRegexp, true);
  assert.equal(outcome.facts.isFailedByBytes, false);
  assert.match(detailOf(outcome), /its last one was "ERROR: Your IP address/);
});

test("send goes out with a line feed and nothing else", async (t) => {
  const heard: string[] = [];
  const { target } = await serve(t, async (caller) => {
    heard.push(await caller.line(), await caller.line(), await caller.line());
    caller.say("ok\n");
  });
  const steps = [
    { send: "EHLO prober\r" },
    { send: "$1 ${1} $$" },
    { send: "é" },
    { expect: "ok" },
  ];
  assert.equal(reasonOf(await tcp(target, { query_response: steps })), "succeeded");
  assert.deepEqual(heard, ["EHLO prober\r", "$1 ${1} $$", Buffer.from("é").toString("latin1")]);
});

test("what the last step sends arrives", { timeout: 20_000 }, async (t) => {
  const heard = promised<string>();
  const { target } = await serve(t, async (caller) => {
    caller.say("SSH-2.0-OpenSSH_6.9p1 Debian-2\n");
    heard.resolve(await caller.line());
  });
  const step = {
    expect: "^SSH-2.0-([^ -]+)(?: (.*))?$",
    send: "CONFIRM ${1}",
    labels: [
      { name: "ssh_version", value: "${1}" },
      { name: "ssh_comments", value: "${2}" },
    ],
  };
  const outcome = await tcp(target, { query_response: [step] });
  assert.equal(reasonOf(outcome), "succeeded");
  assert.deepEqual(outcome.facts.expectInfo, [
    ["ssh_version", "OpenSSH_6.9p1"],
    ["ssh_comments", "Debian-2"],
  ]);
  assert.equal(await heard.promise, "CONFIRM OpenSSH_6.9p1");
});

test("labels of a step that never matched are not there", async (t) => {
  const { target } = await serve(t, (caller) => caller.socket.end("other\n"));
  const steps = [{ expect: "SSH", labels: [{ name: "version", value: "$0" }] }];
  const outcome = await tcp(target, { query_response: steps });
  assert.equal(outcome.facts.expectInfo, undefined);
});

test("the value of a label is cut where it gets long", async (t) => {
  const { target } = await serve(t, (caller) => caller.say(`${"x".repeat(10_000)}\n`));
  const steps = [{ expect: "x+", labels: [{ name: "version", value: "$0" }] }];
  const outcome = await tcp(target, { query_response: steps });
  assert.deepEqual(outcome.facts.expectInfo, [["version", "x".repeat(4096)]]);
});

const byteCases = [
  { name: "the bytes that are expected", says: "not-a-line", reason: "succeeded", byBytes: false },
  { name: "more than these", says: "not-a-line, but", reason: "succeeded", byBytes: false },
  { name: "others", says: "something-else", reason: "expect_mismatch", byBytes: true },
  { name: "too few", says: "not-a", reason: "dialogue_closed", byBytes: false },
  { name: "none", says: "", reason: "dialogue_closed", byBytes: false },
] as const;

for (const { name, says, reason, byBytes } of byteCases) {
  test(`expect_bytes of a peer that sends ${name} ends with ${reason}`, async (t) => {
    const { target } = await serve(t, (caller) => caller.socket.end(says));
    const outcome = await tcp(target, { query_response: [{ expect_bytes: "not-a-line" }] });
    assert.equal(reasonOf(outcome), reason);
    assert.equal(outcome.facts.isFailedByBytes, byBytes);
    assert.equal(outcome.facts.isFailedByRegexp, false);
  });
}

test("expect_bytes goes on where the line before it ended", async (t) => {
  const { target } = await serve(t, (caller) => caller.say("+OK\r\nSnext\n"));
  const steps = [{ expect: "OK" }, { expect_bytes: "S" }, { expect: "^next$" }];
  assert.equal(reasonOf(await tcp(target, { query_response: steps })), "succeeded");
});

/** Says the text one byte in a packet. */
async function drip(caller: Caller, text: string): Promise<void> {
  caller.socket.setNoDelay(true);
  for (const character of text) {
    caller.say(character);
    await setImmediate();
  }
}

test("a dialogue that comes byte by byte is the same dialogue", async (t) => {
  const { target } = await serve(t, async (caller) => {
    await drip(caller, "220 é mail.example ESMTP ready\r\n");
    assert.equal(await caller.line(), "EHLO 220\r");
    await drip(caller, "250-PIPELINING\r\n250 HELP\r\nbytes");
  });
  const steps = [
    { expect: "^(220) é ([^ ]+) ESMTP (.+)$", send: "EHLO ${1}\r" },
    { expect: "^250 HELP$" },
    { expect_bytes: "bytes" },
  ];
  assert.equal(reasonOf(await tcp(target, { query_response: steps })), "succeeded");
});

test("a peer that has said its last word can still be spoken to", {
  timeout: 20_000,
}, async (t) => {
  const heard = promised<string>();
  const { target } = await serve(t, async (caller) => {
    caller.socket.end("hello\n");
    heard.resolve(`${await caller.line()} ${await caller.line()}`);
  });
  const steps = [{ expect: "hello" }, { send: "one" }, { send: "two" }];
  assert.equal(reasonOf(await tcp(target, { query_response: steps })), "succeeded");
  assert.equal(await heard.promise, "one two");
});

const silent = [
  { name: "says nothing at all", says: "" },
  { name: "says half a line", says: "220 mail" },
  { name: "says lines of no interest", says: "one\ntwo\n" },
  { name: "falls silent after the first step", says: "220 mail.example ESMTP\n" },
] as const;

for (const { name, says } of silent) {
  test(`a peer that ${name} ends the probe at its deadline`, async (t) => {
    const { target } = await serve(t, (caller) => caller.say(says));
    const steps = [{ expect: "^220 .*ESMTP" }, { send: "EHLO me" }, { expect: "^250" }];
    const outcome = await tcp(target, { query_response: steps }, { timeoutSeconds: 0.2 });
    assert.equal(reasonOf(outcome), "expect_timeout");
    assert.equal(outcome.facts.isFailedByRegexp, false);
    assert.equal(outcome.facts.isConnected, true);
  });
}

test("a peer that never reads ends the probe at its deadline", async (t) => {
  const { target } = await serve(t, (caller) => caller.socket.pause());
  const steps = Array.from({ length: 8 }, () => ({ send: "x".repeat(2 ** 20) }));
  const outcome = await tcp(target, { query_response: steps }, { timeoutSeconds: 0.5 });
  assert.equal(reasonOf(outcome), "expect_timeout");
});

const script = [
  { send: "HELO?" },
  { expect: "^220" },
  { send: "EHLO me" },
  { expect: "^250" },
  { send: "QUIT" },
  { expect: "^221" },
] as const;
const answers = ["220 hello\n", "250 fine\n", "221 bye\n"];

for (const [step, ending] of answers.entries()) {
  for (const how of ["ends", "resets"] as const) {
    test(`a peer that ${how} the connection before "${ending.trim()}" breaks the dialogue off`, async (t) => {
      const { target } = await serve(t, async (caller) => {
        await caller.line();
        for (const answer of answers.slice(0, step)) {
          caller.say(answer);
          await caller.line();
        }
        if (how === "ends") caller.socket.end();
        else caller.socket.resetAndDestroy();
      });
      const outcome = await tcp(target, { query_response: script });
      assert.equal(reasonOf(outcome), "dialogue_closed");
      // As blackbox_exporter has it: no match before the end, but not a connection that broke.
      assert.equal(outcome.facts.isFailedByRegexp, how === "ends");
    });
  }
}

test("speaking to a peer that has reset the connection breaks the dialogue off", async (t) => {
  const { target } = await serve(t, async (caller) => {
    await caller.line();
    caller.socket.resetAndDestroy();
  });
  const steps = Array.from({ length: 500 }, () => ({ send: "x".repeat(10_000) }));
  const outcome = await tcp(target, { query_response: steps });
  assert.equal(reasonOf(outcome), "dialogue_closed");
});

/** Says the same for as long as somebody listens. */
async function flood(caller: Caller, chunk: Buffer): Promise<void> {
  let isOver = false;
  caller.socket.on("close", () => {
    isOver = true;
  });
  while (!isOver) {
    if (!caller.socket.write(chunk)) {
      await new Promise<void>((resolve) => {
        const goOn = (): void => {
          caller.socket.off("drain", goOn);
          caller.socket.off("close", goOn);
          resolve();
        };
        caller.socket.on("drain", goOn);
        caller.socket.on("close", goOn);
      });
    }
  }
}

const floods = [
  {
    name: "one endless line",
    text: "x".repeat(65_536),
    says: `a line is longer than ${MAX_LINE_BYTES}`,
  },
  { name: "endless short lines", text: "x\n".repeat(32_768), says: `more than ${MAX_LINES} lines` },
  {
    name: "endless long lines",
    text: `${"x".repeat(65_535)}\n`,
    says: `more than ${MAX_READ_BYTES} bytes`,
  },
] as const;

for (const { name, text, says } of floods) {
  test(`a peer that sends ${name} is cut short`, async (t) => {
    const { target } = await serve(t, (caller) => flood(caller, Buffer.from(text)));
    const outcome = await tcp(target, { query_response: [{ expect: "^never$" }] });
    assert.equal(reasonOf(outcome), "expect_too_large");
    assert.match(detailOf(outcome), new RegExp(says));
  });
}

test("a line of the longest length is read, a longer one is not", async (t) => {
  for (const [lengthBytes, reason] of [
    [MAX_LINE_BYTES, "succeeded"],
    [MAX_LINE_BYTES + 1, "expect_too_large"],
  ] as const) {
    const line = `${"x".repeat(lengthBytes - 1)}.\n`;
    const { target } = await serve(t, (caller) => caller.say(line));
    const outcome = await tcp(target, { query_response: [{ expect: "[.]$" }] });
    assert.equal(reasonOf(outcome), reason);
  }
});

test("what would grow too large with the peer's words is not sent", async (t) => {
  const { target } = await serve(t, (caller) => caller.say(`${"x".repeat(100_000)}\n`));
  const steps = [{ expect: ".*", send: "$0".repeat(11) }];
  const outcome = await tcp(target, { query_response: steps });
  assert.equal(reasonOf(outcome), "expect_too_large");
});

test("a step without anything does nothing", async (t) => {
  const { target } = await serve(t, () => {});
  assert.equal(reasonOf(await tcp(target, { query_response: [{}] })), "succeeded");
});
