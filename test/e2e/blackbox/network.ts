import { addressBytes } from "../../../src/runtime/address.ts";
import { addSilentInterface, enterOwnNetwork, ip } from "../../support/own-network.ts";
import type { Close } from "./listening.ts";
import { nameBytes, openZoneServer, type Zone, type ZoneRecord } from "./zone-server.ts";

/** Nothing listens here. */
export const CLOSED_PORT = 9;
/** Behind an interface that nobody answers at. */
export const SILENT_V4 = "10.66.0.9";
export const SILENT_V6 = "fd66::9";

/** What both programs find in /etc/hosts and /etc/resolv.conf. */
export const NAMES = {
  hosts: [
    "127.0.0.1 localhost",
    "::1 localhost",
    "127.0.0.1 dual.parity.test four.parity.test good.parity.test",
    "::1 dual.parity.test six.parity.test",
    "",
  ].join("\n"),
  resolvConf: "nameserver 127.0.0.1\noptions timeout:2 attempts:2\n",
};

const TYPE = { a: 1, cname: 5, aaaa: 28 };
const CODE = { servfail: 2, nxdomain: 3 };

/** The name server of resolv.conf. */
const zone: Zone = ({ name, type }) => {
  switch (name) {
    case "served.parity.test":
      return { answer: addresses(name, type, ["127.0.0.1", "::1"]) };
    case "alias.parity.test": {
      const target = "served.parity.test";
      const alias: ZoneRecord = { name, type: TYPE.cname, data: nameBytes(target) };
      return { answer: [alias, ...addresses(target, type, ["127.0.0.1", "::1"])] };
    }
    case "far.parity.test":
      return { answer: addresses(name, type, [SILENT_V4]) };
    case "empty.parity.test":
      return {};
    case "broken.parity.test":
      return { code: CODE.servfail };
    case "silent.parity.test":
      return undefined;
    default:
      return { code: CODE.nxdomain };
  }
};

function addresses(name: string, type: number, texts: readonly string[]): readonly ZoneRecord[] {
  const wantedBytes = type === TYPE.a ? 4 : type === TYPE.aaaa ? 16 : 0;
  return texts
    .map((text) => Buffer.from(addressBytes(text) ?? []))
    .filter((data) => data.length === wantedBytes)
    .map((data) => ({ name, type, data }));
}

/**
 * Moves this thread into a network of its own: the loopback interface with a name server, an interface that is
 * silent, and no way out.
 *
 * @throws where that cannot be done.
 */
export async function enterParityNetwork(): Promise<Close> {
  const problem =
    (await enterOwnNetwork()) ??
    (await addSilentInterface("10.66.0.1/24")) ??
    ip("addr add fd66::1/64 dev silent0 nodad");
  if (problem !== undefined)
    throw new Error(`Cannot make a network for the comparison: ${problem}`);
  return await openZoneServer(zone, 53);
}
