import assert from "node:assert/strict";
import { test } from "node:test";
import { descriptorOf, handedSockets } from "../../src/server/systemd-socket.ts";

const REMEDY =
  ": start the agent by its socket unit (sounder.socket), or leave out --web.systemd-socket";
const PROCESS_ID = 4711;

const refused = [
  { name: "without the variables", environment: {}, says: "no socket was handed to this process" },
  {
    name: "without a process",
    environment: { LISTEN_FDS: "1" },
    says: "no socket was handed to this process",
  },
  {
    name: "without a count",
    environment: { LISTEN_PID: "4711" },
    says: "no socket was handed to this process",
  },
  {
    name: "that are for the parent",
    environment: { LISTEN_PID: "4710", LISTEN_FDS: "1" },
    says: 'the sockets are for process "4710", this is 4711',
  },
  {
    name: "of a process that is no number",
    environment: { LISTEN_PID: "4711 ", LISTEN_FDS: "1" },
    says: 'the sockets are for process "4711 ", this is 4711',
  },
  {
    name: "that are none",
    environment: { LISTEN_PID: "4711", LISTEN_FDS: "0" },
    says: 'LISTEN_FDS is "0", wanted is 1 to 64',
  },
  {
    name: "that are too many",
    environment: { LISTEN_PID: "4711", LISTEN_FDS: "65" },
    says: 'LISTEN_FDS is "65", wanted is 1 to 64',
  },
  {
    name: "of a count that is no number",
    environment: { LISTEN_PID: "4711", LISTEN_FDS: "1e1" },
    says: 'LISTEN_FDS is "1e1", wanted is 1 to 64',
  },
] as const;

for (const { name, environment, says } of refused) {
  test(`handedSockets() refuses sockets ${name}, and says what to do`, () => {
    assert.deepEqual(handedSockets(environment, PROCESS_ID), {
      kind: "none",
      problem: `${says}${REMEDY}`,
    });
  });
}

test("handedSockets() refuses descriptors that are no sockets", () => {
  // A test process has that many descriptors at most; the sixty-sixth is not open.
  const handed = handedSockets({ LISTEN_PID: "4711", LISTEN_FDS: "64" }, PROCESS_ID);
  assert.equal(handed.kind, "none");
  assert.match(
    handed.kind === "none" ? handed.problem : "",
    /^descriptor \d+ is not a socket: start/,
  );
});

const addresses = [
  { text: "fd://3", want: 3 },
  { text: "fd://66", want: 66 },
  { text: "fd:3", want: undefined },
  { text: "fd://", want: undefined },
  { text: "fd://-1", want: undefined },
  { text: "fd://12345", want: undefined },
  { text: ":10707", want: undefined },
] as const;

for (const { text, want } of addresses) {
  test(`descriptorOf(${text}) is ${want}`, () => assert.equal(descriptorOf(text), want));
}
