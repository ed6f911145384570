import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hasAddressOf } from "../../../src/icmp/diagnosis/read-facts.ts";
import {
  logChoice,
  problemOf,
  type TransportChoice,
} from "../../../src/icmp/engine/choose-transports.ts";
import type { TransportRefusal } from "../../../src/icmp/engine/messages.ts";
import { TRANSPORT_NAMES, type TransportName } from "../../../src/icmp/transport.ts";
import { ADDRESS_FAMILIES, type AddressFamily } from "../../../src/runtime/address.ts";
import { type Logger, silentLog } from "../../../src/runtime/log.ts";

const skip = ADDRESS_FAMILIES.every(hasAddressOf)
  ? false
  : "needs an address of each family, which the loopback interface has as a rule";

/** Refusals of one family. What is absent says so itself; what is refused by the kernel is named. */
function refusals(
  family: AddressFamily,
  why: Partial<Record<TransportName, string>>,
  kind: TransportRefusal["kind"] = "absent",
): readonly TransportRefusal[] {
  return TRANSPORT_NAMES.flatMap((transport) => {
    const error = why[transport];
    return error === undefined ? [] : [{ family, transport, kind, error }];
  });
}

const ofBoth = (
  why: Partial<Record<TransportName, string>>,
  kind: TransportRefusal["kind"] = "absent",
): readonly TransportRefusal[] => ADDRESS_FAMILIES.flatMap((family) => refusals(family, why, kind));

const NO_KOFFI = "koffi does not load";
const NO_PACKAGE = "the package raw-socket is not installed";
const NO_PROGRAM = "there is no program ping in the PATH";

describe("problemOf()", () => {
  const cases: readonly {
    readonly name: string;
    readonly refusals: readonly TransportRefusal[];
    readonly says: string;
  }[] = [
    {
      name: "all four are absent: both families are said at once",
      refusals: ofBoth({
        raw: NO_KOFFI,
        dgram: NO_KOFFI,
        "raw-socket": NO_PACKAGE,
        ping: NO_PROGRAM,
      }),
      says: `no ICMP transport works here: grant CAP_NET_RAW or widen net.ipv4.ping_group_range (ipv4 and ipv6: raw: ${NO_KOFFI}; dgram: ${NO_KOFFI}; raw-socket: ${NO_PACKAGE}; ping: ${NO_PROGRAM})`,
    },
    {
      name: "the families differ in one of them: each has its own reasons",
      refusals: [
        ...refusals("ipv4", { raw: NO_KOFFI, ping: NO_PROGRAM }),
        ...refusals("ipv6", { raw: NO_KOFFI, ping: "it has no -6" }),
      ],
      says: `no ICMP transport works here: grant CAP_NET_RAW or install a program ping that may send (ipv4: raw: ${NO_KOFFI}; ping: ${NO_PROGRAM}; ipv6: raw: ${NO_KOFFI}; ping: it has no -6)`,
    },
    {
      name: "dgram alone was asked for: the remedy is its own",
      refusals: ofBoth({ dgram: "EAFNOSUPPORT" }, "refused"),
      says: "the ICMP transport dgram does not work here: widen net.ipv4.ping_group_range (ipv4 and ipv6: dgram: the kernel has no such socket: EAFNOSUPPORT)",
    },
    {
      name: "raw alone was asked for",
      refusals: ofBoth({ raw: "EAFNOSUPPORT" }, "refused"),
      says: "the ICMP transport raw does not work here: grant CAP_NET_RAW (ipv4 and ipv6: raw: the kernel has no such socket: EAFNOSUPPORT)",
    },
    {
      name: "the package alone was asked for, and the kernel refuses it",
      refusals: ofBoth({ "raw-socket": "EPERM" }, "refused"),
      says: "the ICMP transport raw-socket does not work here: grant CAP_NET_RAW (ipv4 and ipv6: raw-socket: the package is there but opens no socket (EPERM): it needs CAP_NET_RAW as raw does)",
    },
    {
      name: "the program alone was asked for, and may not send",
      refusals: ofBoth({ ping: "socket: Operation not permitted" }, "refused"),
      says: "the ICMP transport ping does not work here: install a program ping that may send (ipv4 and ipv6: ping: the program did not get an echo back from this machine: socket: Operation not permitted)",
    },
    {
      name: "the program alone was asked for, and there is none",
      refusals: ofBoth({ ping: NO_PROGRAM }),
      says: `the ICMP transport ping does not work here: install a program ping that may send (ipv4 and ipv6: ping: ${NO_PROGRAM})`,
    },
  ];
  for (const { name, refusals: why, says } of cases) {
    test(name, { skip }, () => assert.equal(problemOf({ opened: {}, refusals: why }), says));
  }

  test("names whom the kernel refuses, and what it goes by", { skip }, () => {
    const problem = problemOf({
      opened: {},
      refusals: ofBoth({ raw: "EPERM", dgram: "EACCES" }, "refused"),
    });
    // What exactly stands in the way depends on who runs the tests.
    assert.match(
      problem,
      /^no ICMP transport works here: grant CAP_NET_RAW or widen net\.ipv4\.ping_group_range \(ipv4 and ipv6: raw: [^;]*CAP_NET_RAW[^;]*; dgram: [^;]*ping_group_range[^;]*\)$/,
    );
  });
});

describe("logChoice()", () => {
  type Line = readonly ["info" | "warn", string, unknown];

  function logged(choice: TransportChoice): readonly Line[] {
    const lines: Line[] = [];
    const log: Logger = {
      ...silentLog,
      info: (message, fields) => lines.push(["info", message, fields]),
      warn: (message, fields) => lines.push(["warn", message, fields]),
    };
    logChoice(choice, log);
    return lines;
  }

  const chosen = (family: AddressFamily, transport: TransportName, because?: string): Line => [
    "info",
    "ICMP transport",
    { family, transport, because },
  ];

  const cases: readonly {
    readonly name: string;
    readonly choice: TransportChoice;
    readonly lines: readonly Line[];
  }[] = [
    {
      name: "the best transport needs no reason",
      choice: { opened: { ipv4: "raw", ipv6: "raw" }, refusals: [] },
      lines: [chosen("ipv4", "raw"), chosen("ipv6", "raw")],
    },
    {
      name: "a worse one says why the better ones do not work, and nothing of those below it",
      choice: {
        opened: { ipv4: "raw-socket", ipv6: "ping" },
        refusals: [
          ...ofBoth({ raw: NO_KOFFI, dgram: NO_KOFFI }),
          ...refusals("ipv6", { "raw-socket": NO_PACKAGE }),
        ],
      },
      lines: [
        chosen("ipv4", "raw-socket", `raw: ${NO_KOFFI}; dgram: ${NO_KOFFI}`),
        chosen("ipv6", "ping", `raw: ${NO_KOFFI}; dgram: ${NO_KOFFI}; raw-socket: ${NO_PACKAGE}`),
      ],
    },
    {
      name: "the one that was asked for needs no reason either",
      choice: { opened: { ipv4: "ping", ipv6: "ping" }, refusals: [] },
      lines: [chosen("ipv4", "ping"), chosen("ipv6", "ping")],
    },
    {
      name: "a family without any is a warning",
      choice: { opened: { ipv4: "ping" }, refusals: refusals("ipv6", { ping: "it has no -6" }) },
      lines: [
        chosen("ipv4", "ping"),
        ["warn", "ICMP cannot be measured", { family: "ipv6", because: "ping: it has no -6" }],
      ],
    },
  ];
  for (const { name, choice, lines } of cases) {
    test(name, { skip }, () => assert.deepEqual(logged(choice), lines));
  }
});
