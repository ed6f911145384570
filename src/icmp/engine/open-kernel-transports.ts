import { randomInt } from "node:crypto";
import { ADDRESS_FAMILIES, type AddressFamily } from "../../runtime/address.ts";
import { MAX_IDENTIFIERS } from "../loop/in-flight.ts";
import { DgramTransport } from "../transport/kernel/dgram.ts";
import type { Libc, LoadedLibc } from "../transport/kernel/libc.ts";
import { RawTransport } from "../transport/kernel/raw.ts";
import type { TransportName } from "../transport.ts";
import { IcmpSocketError, type Transport } from "../transport.ts";
import type { EngineWorkerData, OpenedTransports, TransportRefusal } from "./messages.ts";

/** Opens the first transport that works for each family, of those that send and receive by the kernel's own calls. */
export function openKernelTransports(
  loaded: LoadedLibc,
  data: Pick<EngineWorkerData, "options" | "transports">,
): { readonly transports: readonly Transport[]; readonly refusals: readonly TransportRefusal[] } {
  const transports: Transport[] = [];
  const refusals: TransportRefusal[] = [];
  const firstIdentifier = randomIdentifier();
  for (const family of ADDRESS_FAMILIES) {
    for (const transport of data.transports) {
      if (loaded.kind === "absent") {
        refusals.push({ family, transport, kind: "absent", error: loaded.reason });
        continue;
      }
      try {
        const { receive_buffer: receiveBufferBytes } = data.options;
        const how = { libc: loaded.libc, family, firstIdentifier, receiveBufferBytes };
        transports.push(open(transport, how));
        break;
      } catch (error) {
        if (!(error instanceof IcmpSocketError)) throw error;
        refusals.push({ family, transport, kind: "refused", error: error.errno });
      }
    }
  }
  return { transports, refusals };
}

/** The transport of each family. */
export function namesOf(transports: readonly Transport[]): OpenedTransports {
  return Object.fromEntries(
    transports.map((transport) => [transport.family, transport.figures().transport]),
  );
}

function open(
  transport: TransportName,
  how: {
    readonly libc: Libc;
    readonly family: AddressFamily;
    readonly firstIdentifier: number;
    readonly receiveBufferBytes: number;
  },
): Transport {
  switch (transport) {
    case "raw":
      return new RawTransport(how);
    case "dgram":
      return new DgramTransport(how);
    case "raw-socket":
    case "ping":
      throw new Error(`Cannot open ${transport} in the echo worker: it needs the main thread`);
  }
}

/** First of a random block of identifiers, so that two agents on one machine hardly meet. */
export function randomIdentifier(): number {
  const blocks = 0x1_0000 / MAX_IDENTIFIERS;
  // Not block 0: an identifier of 0 is what careless programs send.
  return randomInt(1, blocks) * MAX_IDENTIFIERS;
}
