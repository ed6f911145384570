/** What stands before the suite: a transport, by whose program where that is one. */
export const CONTENDERS = [
  "raw",
  "dgram",
  "raw-socket",
  "ping of iputils",
  "ping of BusyBox",
] as const;
export type Contender = (typeof CONTENDERS)[number];

export type Feature =
  // What the contract lets a transport lack.
  | "stamps"
  | "error_queue"
  | "dont_fragment"
  | "dscp"
  | "mark"
  // What a package or a program keeps to itself, and nobody can ask it for.
  | "reply_hop_limit_v6"
  | "hop_limit_v6"
  | "second_reply"
  | "reply_behind_wrong_one"
  | "own_identifiers"
  | "cookie"
  | "payload_comparison"
  | "short_reply_v6";

export type Lack = {
  readonly feature: Feature;
  readonly because: string;
  /** Names of the cases that are left out, with ` (ipv4)` or ` (ipv6)` where it is one of both. */
  readonly cases: readonly string[];
  /**
   * How it is seen that the lack is still there: the case fails; or nothing leaves, since the option is refused; or
   * not at all, where the case fails or does not as packets happen to meet.
   */
  readonly shows: "by_failing" | "by_refusing" | "by_chance";
};

const STAMPS_OF_PROGRAM: Lack = {
  feature: "stamps",
  because: "the program prints round-trip times, not stamps",
  cases: [],
  shows: "by_failing",
};

const ONE_REPLY_OF_PROGRAM: Lack = {
  feature: "second_reply",
  because: "the program ends with the first reply",
  cases: ["a second reply is a duplicate"],
  shows: "by_failing",
};

const IDENTIFIERS_OF_PROGRAM: Lack = {
  feature: "own_identifiers",
  because: "an identifier is the process's number, so the next ones may be those of other echoes",
  cases: [1, 2, 3, 4].map(
    (further) =>
      `a reply with an identifier ${further} further answers nothing, the right one does`,
  ),
  shows: "by_chance",
};

/** Why a contender leaves cases out on Linux. What is not here it must pass. */
export const LACKS: Readonly<Record<Contender, readonly Lack[]>> = {
  raw: [],
  dgram: [],
  "raw-socket": [
    {
      feature: "stamps",
      because: "the package reads packets without control messages",
      cases: [],
      shows: "by_failing",
    },
    {
      feature: "reply_hop_limit_v6",
      because: "IPv6 has it in a control message alone (RFC 3542 section 6.3)",
      cases: ["an answered echo has the hop limit of its reply (ipv6)"],
      shows: "by_failing",
    },
  ],
  "ping of iputils": [
    STAMPS_OF_PROGRAM,
    ONE_REPLY_OF_PROGRAM,
    IDENTIFIERS_OF_PROGRAM,
    {
      feature: "reply_behind_wrong_one",
      because: "the program ends with the first reply to its identifier, whatever is in it",
      cases: [
        "the right reply behind a damaged one answers",
        "a reply with a forged source answers nothing, the right one behind it does",
        "a reply with a forged cookie answers nothing, the right one behind it does",
      ],
      shows: "by_failing",
    },
    {
      feature: "reply_behind_wrong_one",
      because: "the program reads on only if the right reply has come by then",
      cases: [
        "a reply with a forged sequence number answers nothing, the right one behind it does",
        "an ICMP error makes no loss of an echo that is answered in time",
      ],
      shows: "by_chance",
    },
    {
      feature: "cookie",
      because: "the program's own stamp is in its place; a wrong one is taken for damage",
      cases: ["a reply with a forged cookie answers nothing"],
      shows: "by_failing",
    },
  ],
  "ping of BusyBox": [
    STAMPS_OF_PROGRAM,
    ONE_REPLY_OF_PROGRAM,
    IDENTIFIERS_OF_PROGRAM,
    {
      feature: "reply_behind_wrong_one",
      because: "the program ends with the first reply to its identifier, whatever is in it",
      cases: [
        "a reply with a forged source answers nothing, the right one behind it does",
        "a reply with a forged cookie answers nothing, the right one behind it does",
        "a reply with a forged sequence number answers nothing, the right one behind it does",
      ],
      shows: "by_failing",
    },
    {
      feature: "cookie",
      because: "the program's own stamp is in its place; a wrong one is taken for damage",
      cases: ["a reply with a forged cookie answers nothing"],
      shows: "by_failing",
    },
    {
      feature: "payload_comparison",
      because: "the program compares nothing of the payload",
      cases: [
        "a damaged payload is corrupt and ends nothing",
        "the right reply behind a damaged one answers",
      ],
      shows: "by_failing",
    },
    {
      feature: "short_reply_v6",
      because: "the program passes over an IPv6 reply that is too short",
      cases: ["a reply cut short is corrupt (ipv6)"],
      shows: "by_failing",
    },
    {
      feature: "error_queue",
      because: "the program hears no ICMP errors",
      cases: [
        "host_unreachable is the reason of a loss",
        "net_unreachable is the reason of a loss",
        "port_unreachable is the reason of a loss",
        "protocol_unreachable is the reason of a loss",
        "prohibited is the reason of a loss",
        "ttl_exceeded is the reason of a loss",
        "packet_too_big is the reason of a loss (ipv6)",
      ],
      shows: "by_failing",
    },
    {
      feature: "dont_fragment",
      because: "the program has no flag for it",
      cases: [
        "DF is set as was asked for (ipv4)",
        // Its echo forbids to fragment.
        "packet_too_big is the reason of a loss (ipv4)",
      ],
      shows: "by_refusing",
    },
    {
      feature: "dont_fragment",
      because: "the kernel sets DF on what fits its link (ip(7), IP_PMTUDISC_WANT)",
      cases: ["DF is not set as was asked for (ipv4)"],
      shows: "by_failing",
    },
    {
      feature: "hop_limit_v6",
      because: "the program takes the flag and leaves it undone",
      cases: [
        "echoes leave with a hop limit of 9 (ipv6)",
        "echoes leave with a hop limit of 255 (ipv6)",
      ],
      shows: "by_refusing",
    },
    {
      feature: "dscp",
      because: "the program has no flag for it",
      cases: ["echoes leave with the differentiated services code point that was asked for"],
      shows: "by_refusing",
    },
    {
      feature: "mark",
      because: "the program has no flag for it",
      cases: ["echoes carry the firewall mark that was asked for"],
      shows: "by_refusing",
    },
  ],
};

/** Why a contender need not pass a case with a host of that family; undefined when it must. */
export function lackOf(contender: Contender, name: string, family: string): Lack | undefined {
  return LACKS[contender].find(
    ({ cases }) => cases.includes(name) || cases.includes(`${name} (${family})`),
  );
}

export function isLacking(contender: Contender, feature: Feature): boolean {
  return LACKS[contender].some((lack) => lack.feature === feature);
}
