import { promises as dns } from "node:dns";
import type { AddressFamily } from "../runtime/address.ts";
import type { AskServer, FamilyAnswer } from "./dns-answer.ts";
import { reasonOf } from "./dns-answer.ts";

/** So that the caller's deadline ends a question and not c-ares, whose own clock ticks in seconds. */
const MARGIN_SECONDS = 1;
/** After so long c-ares ends a try whatever it was told (MAX_TIMEOUT_MS in ares_metrics.c). */
export const CARES_LIMIT_SECONDS = 5;
/** Channels kept for the next questions. One costs 30 µs and reads two files when it is opened. */
const MAX_IDLE = 64;
/** What a channel is pointed at in between; see `createAskServer`. Nothing is ever sent there. */
const NOWHERE = "127.0.0.1:1";
/**
 * Of one family of one name. A TCP answer has room for 4,000; each may become a stream of its own
 * (`resolve: all`), so a server must not be able to make that many.
 */
const MAX_RECORDS = 256;

/**
 * Asks servers through c-ares, one channel for each question in flight: `cancel` of a channel ends
 * everything on it, and a question of its own socket has a source port of its own (RFC 5452).
 *
 * c-ares must not repeat a question or judge a server by itself. It forgets the first sending once
 * it has sent a second, so a server that takes longer than a try would never be heard; and after
 * three answers it shortens its timeout to as little as 250 ms whatever was configured. Hence one
 * try, and the channel is pointed elsewhere between two questions, which drops what it has learned.
 *
 * @param timeoutSeconds The longest a caller waits. Beyond `CARES_LIMIT_SECONDS` it must ask again.
 */
export function createAskServer(timeoutSeconds: number): AskServer {
  const idle: dns.Resolver[] = [];
  const timeout = Math.ceil((timeoutSeconds + MARGIN_SECONDS) * 1000);

  return (server, name, family) => {
    const channel = idle.pop() ?? new dns.Resolver({ timeout, tries: 1 });
    channel.setServers([NOWHERE]);
    channel.setServers([server]);
    let isDone = false;
    const answer = query(channel, name, family).then((given) => {
      isDone = true;
      if (idle.length < MAX_IDLE) idle.push(channel);
      return given;
    });
    return {
      answer,
      cancel: () => {
        if (!isDone) channel.cancel();
      },
    };
  };
}

async function query(
  channel: dns.Resolver,
  name: string,
  family: AddressFamily,
): Promise<FamilyAnswer> {
  try {
    const found =
      family === "ipv4"
        ? await channel.resolve4(name, { ttl: true })
        : await channel.resolve6(name, { ttl: true });
    if (found.length === 0) return { kind: "failed", reason: "dns_no_address", code: "ENODATA" };
    const records = found
      .slice(0, MAX_RECORDS)
      .map(({ address, ttl }) => ({ address, ttlSeconds: ttl }));
    return { kind: "records", records };
  } catch (error) {
    if (!(error instanceof Error && "code" in error && typeof error.code === "string")) throw error;
    return { kind: "failed", reason: reasonOf(error.code), code: error.code };
  }
}
