import { ADDRESS_FAMILIES, type AddressFamily } from "../../runtime/address.ts";
import type { Logger } from "../../runtime/log.ts";
import { diagnoseFamilies, type FamilyDiagnosis } from "../diagnosis/diagnosis.ts";
import { hasAddressOf, pingGroupRange, processFacts } from "../diagnosis/read-facts.ts";
import type { Trial } from "../diagnosis/system-facts.ts";
import { TRANSPORT_NAMES, type TransportName } from "../transport.ts";
import type { OpenedTransports, TransportRefusal } from "./messages.ts";

/** The transport each family got, and what stood in the way of the better ones. */
export type TransportChoice = {
  readonly opened: OpenedTransports;
  readonly refusals: readonly TransportRefusal[];
};

/** Families of which this machine has an address; of others nobody expects echoes. */
export function familiesHere(): readonly AddressFamily[] {
  return ADDRESS_FAMILIES.filter(hasAddressOf);
}

/** Tells which transport each family has and why the better ones do not work; a family without any is a warning. */
export function logChoice(choice: TransportChoice, log: Logger): void {
  for (const diagnosis of diagnosesOf(choice)) {
    const { family, chosen } = diagnosis;
    const because = obstaclesOf(diagnosis);
    if (chosen === undefined) log.warn("ICMP cannot be measured", { family, because });
    else log.info("ICMP transport", { family, transport: chosen, because });
  }
}

/** What gives each transport its right, in few words; "sounder doctor" has more. */
const HELP = {
  raw: "grant CAP_NET_RAW",
  dgram: "widen net.ipv4.ping_group_range",
  "raw-socket": "grant CAP_NET_RAW",
  ping: "install a program ping that may send",
} as const satisfies Readonly<Record<TransportName, string>>;

/** Why no family has a transport, and what would help; one sentence without a full stop. */
export function problemOf(choice: TransportChoice): string {
  const familiesByWhy = new Map<string, AddressFamily[]>();
  for (const diagnosis of diagnosesOf(choice)) {
    const why = obstaclesOf(diagnosis) ?? "not to be measured here";
    familiesByWhy.set(why, [...(familiesByWhy.get(why) ?? []), diagnosis.family]);
  }
  if (familiesByWhy.size === 0) return "this machine has no IP address";
  const whys = [...familiesByWhy].map(([why, families]) => `${families.join(" and ")}: ${why}`);
  const tried = TRANSPORT_NAMES.filter((name) =>
    choice.refusals.some(({ transport }) => transport === name),
  );
  const [only] = tried;
  const what =
    only !== undefined && tried.length === 1
      ? `the ICMP transport ${only} does not work here`
      : "no ICMP transport works here";
  // The best two: what helps the others as well, or gives less.
  const help = [...new Set(tried.map((name) => HELP[name]))].slice(0, 2);
  return `${what}: ${[...help].join(" or ")} (${whys.join("; ")})`;
}

function obstaclesOf({ transports }: FamilyDiagnosis): string | undefined {
  const obstacles = transports.flatMap(({ name, works, why }) => (works ? [] : `${name}: ${why}`));
  return obstacles.length === 0 ? undefined : obstacles.join("; ");
}

function diagnosesOf(choice: TransportChoice): readonly FamilyDiagnosis[] {
  const families = {
    ipv4: { hasAddress: isExpected("ipv4", choice), trials: trialsOf("ipv4", choice) },
    ipv6: { hasAddress: isExpected("ipv6", choice), trials: trialsOf("ipv6", choice) },
  };
  return diagnoseFamilies({
    process: processFacts(),
    pingGroupRange: pingGroupRange(),
    families,
  }).filter(({ isAvailable }) => isAvailable);
}

function isExpected(family: AddressFamily, { opened }: TransportChoice): boolean {
  return opened[family] !== undefined || hasAddressOf(family);
}

function trialsOf(
  family: AddressFamily,
  { opened, refusals }: TransportChoice,
): Readonly<Record<TransportName, Trial>> {
  const trialOf = (name: TransportName): Trial => {
    if (opened[family] === name) return { kind: "worked" };
    const refusal = refusals.find((one) => one.family === family && one.transport === name);
    if (refusal === undefined) return { kind: "untried" };
    const { kind, error } = refusal;
    return kind === "absent" ? { kind, reason: error } : { kind, error };
  };
  return Object.fromEntries(TRANSPORT_NAMES.map((name) => [name, trialOf(name)])) as Record<
    TransportName,
    Trial
  >;
}
