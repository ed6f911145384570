import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  ProgramOutput,
  RunProgram,
} from "../../../../src/icmp/transport/ping/ping-process.ts";
import { findPingProgram } from "../../../../src/icmp/transport/ping/ping-program.ts";

/** A program that says this and ends. */
function saying(output: Partial<ProgramOutput>): RunProgram {
  return (_path, args, _limitSeconds, onChange) => {
    assert.deepEqual(args, ["-V"]);
    queueMicrotask(() => {
      onChange({ stdout: output.stdout ?? "", stderr: output.stderr ?? "", end: undefined });
      onChange({ stdout: "", stderr: "", end: { kind: "exited", code: 0 }, ...output });
    });
    return { kill: () => undefined };
  };
}

function refusing(code: string): RunProgram {
  return () => {
    throw Object.assign(new Error(`spawn ping ${code}`), { code });
  };
}

const BUSYBOX_USAGE = `ping: invalid option -- 'V'
BusyBox v1.36.1 (2024-06-10 07:11:47 UTC) multi-call binary.

Usage: ping [OPTIONS] HOST

	-c CNT		Send only CNT pings
	-I IFACE/IP	Source interface or IP address
	-W SEC		Seconds to wait for the first response (default 10)
`;

const cases: readonly {
  readonly name: string;
  readonly run: RunProgram;
  readonly want: Awaited<ReturnType<typeof findPingProgram>>;
}[] = [
  {
    name: "iputils",
    run: saying({ stdout: "ping from iputils 20221126\nlibcap: yes, IDN: yes\n" }),
    want: { kind: "found", program: { path: "ping", kind: "iputils" } },
  },
  {
    name: "iputils of before 2019",
    run: saying({ stdout: "ping utility, iputils-s20180629\n" }),
    want: { kind: "found", program: { path: "ping", kind: "iputils" } },
  },
  {
    name: "BusyBox",
    run: saying({ stderr: BUSYBOX_USAGE, end: { kind: "exited", code: 1 } }),
    want: { kind: "found", program: { path: "ping", kind: "busybox" } },
  },
  {
    name: "a BusyBox whose ping takes no flags",
    run: saying({
      stderr: "BusyBox v1.35.0 () multi-call binary.\n\nUsage: ping HOST\n",
      end: { kind: "exited", code: 1 },
    }),
    want: { kind: "absent", reason: "the ping of this BusyBox is built without its flags" },
  },
  {
    name: "GNU inetutils",
    run: saying({ stdout: "ping (GNU inetutils) 2.4\nCopyright\n" }),
    want: {
      kind: "absent",
      reason:
        'the program ping is neither of iputils nor of BusyBox: asked for its version, it said "ping (GNU inetutils) 2.4"',
    },
  },
  {
    name: "a program that says nothing",
    run: saying({}),
    want: {
      kind: "absent",
      reason:
        "the program ping is neither of iputils nor of BusyBox: asked for its version, it said nothing",
    },
  },
  {
    name: "no program",
    run: saying({ end: { kind: "failed", code: "ENOENT" } }),
    want: { kind: "absent", reason: "there is no program ping in the PATH" },
  },
  {
    name: "a program that may not be started",
    run: refusing("EPERM"),
    want: { kind: "absent", reason: "the program ping may not be started here: EPERM" },
  },
];

for (const { name, run, want } of cases) {
  test(`findPingProgram() of ${name}`, async () => {
    assert.deepEqual(await findPingProgram(run), want);
  });
}
