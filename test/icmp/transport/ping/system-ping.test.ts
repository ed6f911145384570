import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { IcmpSocketError } from "../../../../src/icmp/transport.ts";
import { PingBench, reply } from "./ping-bench.ts";

const AT_ONCE = 64;
const EXITED = { kind: "exited", code: 0 } as const;

describe("an echo by a program", () => {
  test("starts at flush, one program each, with the arguments of its profile", () => {
    const bench = new PingBench();
    bench.queue({ timeoutSeconds: 2.5, payloadBytes: 0 });
    bench.queue({ target: "192.0.2.2" });
    assert.equal(bench.programs.length, 0);
    bench.flush();
    assert.deepEqual(
      bench.programs.map(({ path, args }) => `${path} ${args.join(" ")}`),
      [
        "/usr/bin/ping -n -c 1 -W 4 -s 0 -4 -t 64 -M dont -- 192.0.2.1",
        "/usr/bin/ping -n -c 1 -W 2 -s 56 -4 -t 64 -M dont -- 192.0.2.2",
      ],
    );
    bench.flush();
    assert.equal(bench.programs.length, 2);
  });

  test("may live a second longer than the program itself listens", () => {
    const bench = new PingBench();
    const { program } = bench.send({ timeoutSeconds: 2.5 });
    assert.equal(program.limitSeconds, 5);
  });

  test("is told as sent with the time of its start, before its answer", () => {
    const bench = new PingBench();
    const { slot, program } = bench.send();
    assert.equal(bench.log.sentAtSeconds.get(slot), 1_700_000_000.25);
    bench.passes(0.05);
    program.writes("stdout", reply("12.3"));
    assert.equal(bench.arrivals, 1);
    assert.deepEqual(bench.log.told, [{ kind: "sent", slot }]);
    bench.drain();
    assert.deepEqual(bench.log.endsOf(slot), [
      { kind: "answered", slot, rttSeconds: 0.0123, hopLimit: 57 },
    ]);
  });

  test("is answered once, however often is drained and whatever the program writes at its end", () => {
    const bench = new PingBench();
    const { slot, program } = bench.send();
    bench.passes(0.05);
    program.writes("stdout", reply("12.3"));
    bench.drain();
    program.writes("stdout", "\n1 packets transmitted, 1 received, 0% packet loss\n");
    program.ends(EXITED);
    bench.drain();
    bench.drain();
    assert.equal(bench.log.endsOf(slot).length, 1);
  });

  test("answers in the order of their echoes' slots, each to its own", () => {
    const bench = new PingBench();
    for (let at = 0; at < 3; at += 1) bench.queue();
    bench.flush();
    bench.passes(0.5);
    for (const [at, program] of [...bench.programs.entries()].reverse()) {
      program.writes("stdout", reply(String(at + 100)));
    }
    bench.drain();
    assert.deepEqual(
      bench.log.told.flatMap((one) => (one.kind === "answered" ? [one.slot, one.rttSeconds] : [])),
      [0, 0.1, 1, 0.101, 2, 0.102],
    );
  });

  test("with a reply of another address is answered by nobody", () => {
    const bench = new PingBench();
    const { slot, program } = bench.send();
    program.writes("stdout", reply("0.1", "192.0.2.9"));
    program.ends(EXITED);
    bench.drain();
    assert.deepEqual(bench.log.endsOf(slot), []);
    assert.deepEqual(bench.log.told.at(-1), { kind: "foreign" });
  });

  test("that was silent is told nothing of: its deadline is its user's", () => {
    const bench = new PingBench();
    const { program } = bench.send();
    program.writes("stdout", "PING\n\n1 packets transmitted, 0 received, 100% packet loss\n");
    program.ends({ kind: "exited", code: 1 });
    bench.drain();
    assert.equal(bench.log.told.length, 1);
  });

  test("explained by an ICMP error names reporter and target", () => {
    const bench = new PingBench("ipv6");
    const { slot, program } = bench.send({ target: "2001:db8::77" });
    program.writes(
      "stdout",
      "PING\nFrom 2001:db8::ff icmp_seq=1 Destination unreachable: No route\n",
    );
    bench.drain();
    assert.deepEqual(bench.log.endsOf(slot), [
      {
        kind: "icmp_error",
        slot,
        reason: "net_unreachable",
        target: "2001:db8::77",
        reporter: "2001:db8::ff",
      },
    ]);
  });

  test("to a link-local target keeps its zone, and a reporter with an unknown one its address", () => {
    const bench = new PingBench("ipv6");
    const { slot, program } = bench.send({ target: "fe80::1%7" });
    assert.match(program.args.at(-1) ?? "", /^fe80::1%\S+$/);
    program.writes(
      "stdout",
      "From fe80::2%gone0 icmp_seq=1 Destination unreachable: Address unreachable\n",
    );
    bench.drain();
    const [told] = bench.log.endsOf(slot);
    assert.equal(told?.kind === "icmp_error" && told.reporter, "fe80::2");
  });
});

describe("an echo that did not leave", () => {
  for (const code of ["EPERM", "EAGAIN", "ENOENT"]) {
    test(`is unsent with ${code} when the program may not be started`, () => {
      const bench = new PingBench();
      bench.refusal = Object.assign(new Error(`spawn ping ${code}`), { code });
      const slot = bench.queue();
      bench.flush();
      assert.deepEqual(bench.log.told, [{ kind: "unsent", slot, errno: code }]);
    });
  }

  test("is unsent when the start fails later", () => {
    const bench = new PingBench();
    const { slot, program } = bench.send();
    program.ends({ kind: "failed", code: "EAGAIN" });
    bench.drain();
    assert.deepEqual(bench.log.endsOf(slot), [{ kind: "unsent", slot, errno: "EAGAIN" }]);
  });

  test("is unsent as soon as the program says so, and the program is killed", () => {
    const bench = new PingBench();
    const { slot, program } = bench.send();
    program.writes("stderr", "ping: sendmsg: No buffer space available\n");
    bench.drain();
    assert.deepEqual(bench.log.endsOf(slot), [{ kind: "unsent", slot, errno: "ENOBUFS" }]);
    assert.equal(program.isKilled, true);
    program.ends({ kind: "killed" });
    bench.drain();
    assert.equal(bench.log.endsOf(slot).length, 1);
  });

  test("is left alone when that is known after its deadline only", () => {
    const bench = new PingBench();
    const { slot, program } = bench.send({ timeoutSeconds: 1 });
    bench.passes(1.5);
    program.writes("stderr", "ping: sendmsg: No buffer space available\n");
    bench.drain();
    assert.deepEqual(bench.log.endsOf(slot), []);
  });

  test("as it was asked for is unsent, although an answer came", () => {
    const bench = new PingBench();
    const { slot, program } = bench.send();
    program.writes("stdout", reply("0.1"));
    program.writes("stderr", "ping: WARNING: failed to set mark: 7: Operation not permitted\n");
    bench.drain();
    assert.deepEqual(bench.log.endsOf(slot), [{ kind: "unsent", slot, errno: "EPERM" }]);
  });
});

describe("the number of programs", () => {
  test(`is ${AT_ONCE} at once; what is beyond is unsent at once and never waits`, () => {
    const bench = new PingBench();
    for (let at = 0; at < AT_ONCE + 5; at += 1) bench.queue();
    assert.equal(bench.log.told.length, 5);
    for (const told of bench.log.told) {
      assert.equal(told.kind === "unsent" && told.errno, "EAGAIN");
    }
    bench.flush();
    assert.equal(bench.programs.length, AT_ONCE);
    bench.queue();
    bench.flush();
    assert.equal(bench.programs.length, AT_ONCE);
  });

  test("counts those that ended until their last word was told", () => {
    const bench = new PingBench();
    for (let at = 0; at < AT_ONCE; at += 1) bench.queue();
    bench.flush();
    for (const program of bench.programs) {
      program.writes("stdout", reply("0.1"));
      program.ends(EXITED);
    }
    bench.queue();
    assert.equal(bench.log.told.at(-1)?.kind, "unsent");
    bench.drain();
    bench.queue();
    bench.flush();
    assert.equal(bench.programs.length, AT_ONCE + 1);
  });

  test("has a place again for each that could not be started", () => {
    const bench = new PingBench();
    bench.refusal = Object.assign(new Error("spawn ping EAGAIN"), { code: "EAGAIN" });
    for (let at = 0; at < AT_ONCE; at += 1) bench.queue();
    bench.flush();
    bench.refusal = undefined;
    bench.send();
    assert.equal(bench.programs.length, 1);
  });
});

describe("the transport by programs", () => {
  test("refuses a profile that its program has no flag for", () => {
    const bench = new PingBench("ipv4", "busybox");
    assert.throws(() => bench.transport.openProfile(bench.profile({ dscp: 46 })), IcmpSocketError);
  });

  test("gives equal profiles one number", () => {
    const bench = new PingBench();
    assert.equal(bench.transport.openProfile(bench.profile()), 0);
    assert.equal(bench.transport.openProfile(bench.profile({ dscp: 46 })), 1);
    assert.equal(bench.transport.openProfile(bench.profile({ dscp: 46 })), 1);
  });

  test("says what it is and that nobody counts drops", () => {
    const { transport } = new PingBench("ipv6");
    assert.deepEqual(transport.figures(), {
      family: "ipv6",
      transport: "ping",
      transmitStamp: "send_call",
      receiveBufferBytes: 0,
    });
    assert.equal(transport.readDrops(), -1);
    assert.deepEqual(transport.replyDescriptors, []);
  });

  test("close() kills what runs, not what has ended, and is told nothing any more", () => {
    const bench = new PingBench();
    bench.send().program.ends(EXITED);
    const { program } = bench.send();
    bench.transport.close();
    assert.deepEqual(
      bench.programs.map(({ isKilled }) => isKilled),
      [false, true],
    );
    const { arrivals } = bench;
    program.ends({ kind: "killed" });
    assert.equal(bench.arrivals, arrivals);
    const told = bench.log.told.length;
    bench.drain();
    assert.equal(bench.log.told.length, told);
  });
});
