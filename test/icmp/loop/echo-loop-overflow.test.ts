import assert from "node:assert/strict";
import { test } from "node:test";
import { EchoBench } from "../../support/echo-bench.ts";
import { addressOf, answered, silent } from "../../support/fake-transport.ts";

const STREAMS = 40;

function total(bench: EchoBench, name: "echoes" | "lost" | "suspect"): number {
  let sum = 0;
  for (let stream = 1; stream <= STREAMS; stream += 1) sum += bench.row(stream)[name];
  return sum;
}

function streams(bench: EchoBench): void {
  for (let stream = 1; stream <= STREAMS; stream += 1) bench.set(stream);
}

test("echoes whose replies the socket dropped are suspect, in neither echoes nor lost", () => {
  const bench = new EchoBench();
  bench.transport.fate = () => answered(0.05);
  bench.transport.bufferPackets = 30;
  streams(bench);
  bench.run(1);
  bench.stall(0.5);
  bench.run(2);
  for (let stream = 1; stream <= STREAMS; stream += 1) {
    bench.set(stream, { address: undefined });
  }
  bench.run(3);
  const sent = bench.transport.sent.length;
  assert.equal(bench.transport.readDrops(), total(bench, "suspect"));
  assert.ok(total(bench, "suspect") > 0);
  assert.equal(total(bench, "lost"), 0);
  assert.equal(total(bench, "echoes"), sent - total(bench, "suspect"));
});

test("no more echoes are suspect than packets were dropped; the rest are lost", () => {
  const bench = new EchoBench();
  bench.transport.fate = () => silent();
  streams(bench);
  bench.run(1.5);
  bench.transport.addDrops(7);
  for (let stream = 1; stream <= STREAMS; stream += 1) bench.set(stream, { address: undefined });
  bench.run(3);
  assert.equal(total(bench, "suspect"), 7);
  assert.equal(total(bench, "lost"), STREAMS - 7);
});

test("drops that nothing unanswered explains are forgotten, not kept for a later loss", () => {
  const bench = new EchoBench();
  bench.transport.fate = () => answered(0.01);
  streams(bench);
  // One host is silent all the time, so that something is always in flight.
  const dead = addressOf("192.0.2.77");
  bench.set(STREAMS + 1, { address: dead, phase: 0.5, timeoutSeconds: 1.5 });
  let isSilent = false;
  bench.transport.fate = ({ address }) =>
    isSilent || address[1] === dead[1] ? silent() : answered(0.01);
  bench.run(2.8);
  bench.transport.addDrops(30);
  bench.run(5);
  isSilent = true;
  bench.run(1);
  const before = total(bench, "suspect") + bench.row(STREAMS + 1).suspect;
  assert.ok(before <= 2, "the silent host's echoes in flight");
  bench.transport.addDrops(1);
  bench.run(4);
  assert.equal(total(bench, "suspect") + bench.row(STREAMS + 1).suspect - before, 1);
});

test("drops before an echo was sent are not its fault", () => {
  const bench = new EchoBench();
  bench.transport.fate = () => silent();
  bench.set(1);
  bench.run(0.5);
  bench.transport.addDrops(5);
  bench.run(3);
  bench.finish([1]);
  assert.equal(bench.row(1).suspect, 0);
  assert.equal(bench.row(1).lost, 3);
});

test("drops after its deadline are not an echo's fault", () => {
  const bench = new EchoBench();
  bench.transport.fate = () => silent();
  bench.set(1, { intervalSeconds: 5 });
  bench.run(2);
  bench.finish([1], 3);
  bench.transport.addDrops(5);
  bench.run(3);
  assert.equal(bench.row(1).suspect, 0);
});

test("an echo that an ICMP error explains is lost, whatever was dropped", () => {
  const bench = new EchoBench();
  bench.transport.fate = () => ({
    kind: "sent",
    answers: [{ afterSeconds: 0.1, error: "host_unreachable" }],
  });
  bench.set(1);
  bench.run(1.3);
  bench.transport.addDrops(5);
  bench.finish([1]);
  assert.equal(bench.row(1).suspect, 0);
  assert.equal(bench.row(1).lost, 1);
});

test("an overflow of one family's socket says nothing about the other's", () => {
  const bench = new EchoBench();
  bench.transport.fate = () => silent();
  bench.second.fate = () => silent();
  bench.set(1);
  bench.set(2, { transport: 1, address: addressOf("2001:db8::2") });
  bench.run(1.5);
  bench.second.addDrops(10);
  bench.finish([1, 2]);
  assert.equal(bench.row(1).suspect, 0);
  assert.equal(bench.row(1).lost, 1);
  assert.equal(bench.row(2).suspect, 1);
});

test("the drop count of the kernel may come round", () => {
  const bench = new EchoBench();
  bench.transport.fate = () => silent();
  bench.transport.addDrops(0xffff_fffe);
  bench.run(1);
  streams(bench);
  bench.run(1.5);
  bench.transport.addDrops(5);
  for (let stream = 1; stream <= STREAMS; stream += 1) bench.set(stream, { address: undefined });
  bench.run(3);
  assert.equal(total(bench, "suspect"), 5);
  assert.equal(total(bench, "lost"), bench.transport.sent.length - 5);
});

test("a suspect one-shot echo tells its cause", () => {
  const bench = new EchoBench();
  bench.transport.fate = () => silent();
  bench.set(9, { isOneShot: true });
  bench.run(0.5);
  bench.transport.addDrops(1);
  bench.run(2);
  assert.deepEqual(bench.ends, [
    { stream: 9, outcome: { kind: "suspect", cause: "socket_overflow" } },
  ]);
});

test("a target is neither up nor down while its answers may have been dropped", () => {
  const bench = new EchoBench();
  bench.transport.fate = ({ index }) => (index < 2 ? answered(0.01) : silent());
  bench.set(1);
  bench.run(2.5);
  assert.equal(bench.row(1).up, 1);
  bench.run(1);
  bench.transport.addDrops(1);
  bench.set(1, { address: undefined });
  bench.run(3);
  assert.equal(bench.row(1).up, Number.NaN);
});

test("the measurement is suspect while more than a twentieth of what ended in a minute is", () => {
  const bench = new EchoBench();
  const isSuspect = (): boolean => bench.loop.figures().suspectCauses.includes("socket_overflow");
  streams(bench);
  bench.run(30);
  assert.equal(isSuspect(), false);
  bench.transport.fate = () => silent();
  bench.run(2);
  bench.transport.addDrops(STREAMS);
  bench.transport.fate = () => answered(0.01);
  bench.run(3);
  assert.equal(isSuspect(), false, "40 of 1,400");
  bench.transport.fate = () => silent();
  bench.run(2);
  bench.transport.addDrops(2 * STREAMS);
  bench.run(2);
  assert.equal(isSuspect(), true, "120 of 1,560");
  bench.transport.fate = () => answered(0.01);
  bench.run(61);
  assert.equal(isSuspect(), false);
});
