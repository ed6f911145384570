import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { PingKind } from "../../../../src/icmp/transport/ping/ping-program.ts";
import { PingBench, reply } from "./ping-bench.ts";

describe("the time of an answer", () => {
  const cases: readonly {
    readonly name: string;
    readonly kind?: PingKind;
    readonly line: string;
    readonly stderr?: string;
    readonly elapsedSeconds: number;
    readonly steppedSeconds?: number;
    readonly want: number | "corrupted";
  }[] = [
    {
      name: "is the program's",
      line: reply("40.0"),
      elapsedSeconds: 0.0625,
      want: 0.04,
    },
    {
      name: "is that of the program's life where it could not stamp",
      line: "64 bytes from 192.0.2.1: icmp_seq=1 ttl=57\n",
      elapsedSeconds: 0.0625,
      want: 0.0625,
    },
    {
      name: "is that of the program's life where the clock was stepped forwards",
      line: reply("30040"),
      elapsedSeconds: 0.0625,
      steppedSeconds: 30,
      want: 0.0625,
    },
    {
      name: "is that of the program's life where the clock was stepped backwards",
      line: reply("0.000"),
      stderr: "ping: Warning: time of day goes back (-29960000us), taking countermeasures\n",
      elapsedSeconds: 0.0625,
      steppedSeconds: -30,
      want: 0.0625,
    },
    {
      name: "is BusyBox' own although the clock was stepped: it measures by the other",
      kind: "busybox",
      line: "64 bytes from 192.0.2.1: seq=0 ttl=57 time=40.000 ms\n",
      elapsedSeconds: 0.0625,
      steppedSeconds: 30,
      want: 0.04,
    },
    {
      name: "cannot be longer than the program's life: the stamp was damaged on its way",
      line: reply("363583127000"),
      elapsedSeconds: 0.0625,
      want: "corrupted",
    },
    {
      name: "cannot be less than nothing: likewise",
      line: reply("0.000"),
      stderr: "ping: Warning: time of day goes back (-352244754999966us), taking countermeasures\n",
      elapsedSeconds: 0.0625,
      want: "corrupted",
    },
  ];

  for (const { name, kind, line, stderr = "", elapsedSeconds, steppedSeconds, want } of cases) {
    test(name, () => {
      const bench = new PingBench("ipv4", kind);
      const { slot, program } = bench.send();
      bench.passes(elapsedSeconds, steppedSeconds);
      program.writes("stderr", stderr);
      program.writes("stdout", line);
      // How long the answer lies here is not its time.
      bench.passes(0.5);
      bench.drain();
      const [told, ...more] = bench.log.endsOf(slot);
      assert.equal(more.length, 0);
      if (want === "corrupted") assert.equal(told?.kind, "corrupted");
      else assert.equal(told?.kind === "answered" && told.rttSeconds, want);
    });
  }
});
