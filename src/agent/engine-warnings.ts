import type { EngineFigures } from "../icmp/engine-contract.ts";
import { wantedBufferBytes } from "../icmp/receive-buffer.ts";
import type { Logger } from "../runtime/log.ts";

/**
 * Warns when a socket's receive buffer holds less than the configured echoes need: then the agent may lose replies
 * itself, which it counts as suspect, but which are lost to the measurement all the same.
 *
 * @param askedBytes `icmp.receive_buffer`; the kernel accounts twice that.
 */
export function warnOfSmallBuffers(options: {
  readonly families: EngineFigures["families"];
  readonly echoesPerSecond: number;
  readonly askedBytes: number;
  readonly log: Logger;
}): void {
  const wantedBytes = wantedBufferBytes(options.echoesPerSecond);
  const neededBytes = Math.ceil(wantedBytes / 2);
  for (const { family, transport, receiveBufferBytes } of options.families) {
    // A program has its own sockets, each for one echo.
    if (transport === "ping" || receiveBufferBytes >= wantedBytes) continue;
    const remedy =
      options.askedBytes < neededBytes
        ? `set icmp.receive_buffer to at least ${neededBytes}`
        : `sysctl -w net.core.rmem_max=${neededBytes}, or grant CAP_NET_ADMIN`;
    options.log.warn("the ICMP receive buffer is smaller than the rate needs", {
      family,
      buffer_bytes: receiveBufferBytes,
      wanted_bytes: wantedBytes,
      remedy,
    });
  }
}

/** Programs at once, each living a second longer than a timeout of a second when its target is dead. */
const PROGRAM_ECHOES_PER_SECOND = 32;

/** Warns when the program `ping` is asked for more echoes than it can send while targets are dead. */
export function warnOfSlowProgram(options: {
  readonly families: EngineFigures["families"];
  readonly echoesPerSecond: number;
  readonly log: Logger;
}): void {
  const { families, echoesPerSecond, log } = options;
  if (echoesPerSecond <= PROGRAM_ECHOES_PER_SECOND) return;
  for (const { family, transport } of families) {
    if (transport !== "ping") continue;
    log.warn("the program ping starts a process for each echo, 64 at a time: others are unsent", {
      family,
      echoes_per_second: Math.round(echoesPerSecond),
      remedy: "sounder doctor names what the better transports need",
    });
  }
}
