import type { AddressFamily } from "../../runtime/address.ts";
import { tryPingProgram } from "../diagnosis/read-facts.ts";
import type { EngineOptions } from "../options.ts";
import { runProgram } from "../transport/ping/ping-process.ts";
import { findPingProgram } from "../transport/ping/ping-program.ts";
import { SystemPingTransport } from "../transport/ping/system-ping.ts";
import { loadRawSocket } from "../transport/raw-socket/package.ts";
import { RawSocketTransport } from "../transport/raw-socket/raw-socket.ts";
import type { TransportName } from "../transport.ts";
import { IcmpSocketError, type Transport } from "../transport.ts";
import { engineClock } from "./engine-core.ts";
import type { OpenedTransports, TransportRefusal } from "./messages.ts";
import { namesOf, randomIdentifier } from "./open-kernel-transports.ts";

type Opened = Transport | Pick<TransportRefusal, "kind" | "error">;

/** Opens the first transport that works for each family, of those that are tied to the main thread. */
export async function openLocalTransports(options: {
  readonly families: readonly AddressFamily[];
  /** Those to try, best first. */
  readonly transports: readonly TransportName[];
  readonly engine: EngineOptions;
  /** Told when a packet came in. */
  readonly onArrival: () => void;
}): Promise<{
  readonly transports: readonly Transport[];
  readonly opened: OpenedTransports;
  readonly refusals: readonly TransportRefusal[];
}> {
  const transports: Transport[] = [];
  const refusals: TransportRefusal[] = [];
  const firstIdentifier = randomIdentifier();
  for (const family of options.families) {
    for (const name of options.transports) {
      const opened = await open(name, family, { ...options, firstIdentifier });
      if ("kind" in opened) {
        refusals.push({ family, transport: name, kind: opened.kind, error: opened.error });
        continue;
      }
      transports.push(opened);
      break;
    }
  }
  return { transports, opened: namesOf(transports), refusals };
}

type Means = {
  readonly firstIdentifier: number;
  readonly engine: EngineOptions;
  readonly onArrival: () => void;
};

async function open(name: TransportName, family: AddressFamily, means: Means): Promise<Opened> {
  switch (name) {
    case "raw-socket":
      return openRawSocketPackage(family, means);
    case "ping":
      return openPingProgram(family, means);
    case "raw":
    case "dgram":
      throw new Error(`Cannot open ${name} on the main thread: it belongs to the echo worker`);
  }
}

async function openRawSocketPackage(
  family: AddressFamily,
  { firstIdentifier, engine, onArrival }: Means,
): Promise<Opened> {
  const loaded = await loadRawSocket();
  if (loaded.kind === "absent") return { kind: "absent", error: loaded.reason };
  try {
    return new RawSocketTransport({
      rawSocket: loaded.rawSocket,
      family,
      firstIdentifier,
      receiveBufferBytes: engine.receive_buffer,
      clock: engineClock,
      onArrival,
    });
  } catch (error) {
    if (!(error instanceof IcmpSocketError)) throw error;
    return { kind: "refused", error: error.errno };
  }
}

async function openPingProgram(family: AddressFamily, { onArrival }: Means): Promise<Opened> {
  const found = await findPingProgram(runProgram);
  if (found.kind === "absent") return { kind: "absent", error: found.reason };
  // That it is there does not mean that it may send: one echo to this machine itself tells.
  const trial = await tryPingProgram(family);
  switch (trial.kind) {
    case "worked":
      return new SystemPingTransport({
        family,
        program: found.program,
        run: runProgram,
        clock: engineClock,
        onArrival,
      });
    case "absent":
      return { kind: "absent", error: trial.reason };
    case "refused":
      return { kind: "refused", error: trial.error };
    case "untried":
      return { kind: "refused", error: "it was not tried" };
  }
}
