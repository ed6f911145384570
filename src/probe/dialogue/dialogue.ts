import type { Socket } from "node:net";
import { bytesOfText } from "../../runtime/binary-text.ts";
import { quote } from "../../runtime/found.ts";
import type { Attempt } from "../attempt.ts";
import { close } from "../close.ts";
import { secure } from "../connect.ts";
import { type Failed, failed } from "../failure.ts";
import type { RegexpMatch } from "../regexps.ts";
import type { PlannedTls } from "../tls/tls-plan.ts";
import type { DialogueStep } from "./dialogue-options.ts";
import type { DialogueRecord } from "./dialogue-record.ts";
import { expandBytes, MAX_EXPANDED_BYTES } from "./expansion.ts";
import { Peer } from "./peer.ts";

/** Longest value of a label of `expectInfo`, in characters; the peer chose what is in it. */
const MAX_LABEL_CHARACTERS = 4_096;

/** What a dialogue works with. */
export type Dialogue = {
  readonly attempt: Attempt;
  readonly record: DialogueRecord;
  readonly steps: readonly DialogueStep[];
  /** Asked at `starttls`, as the files that it reads may be others by then. */
  readonly planTls: () => Promise<PlannedTls>;
};

/**
 * Goes through the steps on an open connection, which is gone afterwards.
 *
 * What blackbox_exporter does, but for three things that depend on how the peer's bytes arrive there:
 * `expect_bytes` takes what follows the line read before, it waits for all of its bytes, and a line may
 * have a megabyte and not 64 KiB.
 *
 * @returns why the probe failed, if it did.
 * @throws the reason of the attempt's signal.
 */
export async function converse(socket: Socket, dialogue: Dialogue): Promise<Failed | undefined> {
  const { stages, log, signal } = dialogue.attempt;
  // Most probes only connect; nothing is set up for them.
  if (dialogue.steps.length === 0) {
    await close(socket, signal);
    return undefined;
  }
  let peer = new Peer(socket, signal);
  stages.enter("dialogue");
  try {
    for (const [number, step] of dialogue.steps.entries()) {
      log.add("debug", "Processing query response entry", { entry_number: number });
      const failure = await exchange(step, peer, dialogue);
      if (failure !== undefined) return failure;
      if (!step.starttls) continue;
      const upgraded = await upgrade(peer, dialogue);
      if (upgraded.kind === "failed") return upgraded;
      ({ peer } = upgraded);
    }
    return undefined;
  } finally {
    await close(peer.leave(), signal);
    socket.destroy();
  }
}

/** Listens, then speaks. */
async function exchange(
  step: DialogueStep,
  peer: Peer,
  dialogue: Dialogue,
): Promise<Failed | undefined> {
  const { log } = dialogue.attempt;
  let message: Buffer | undefined = bytesOfText(step.send);
  if (step.expect !== undefined) {
    const heard = await expectLine(step.expect, peer, dialogue);
    if (heard.kind === "failed") return heard;
    const tooLong = noteLabels(step, heard.match, dialogue.record);
    if (tooLong !== undefined) return tooLong;
    message = expandBytes(message, heard.match);
    if (message === undefined) return expandedTooLarge("send");
  }
  if (step.expect_bytes !== "") {
    const failure = await expectBytes(bytesOfText(step.expect_bytes), peer, dialogue);
    if (failure !== undefined) return failure;
  }
  if (message.length === 0) return undefined;
  log.add("debug", "Sending line", { line: shown(message, dialogue) });
  return await peer.write(Buffer.concat([message, LINE_FEED]));
}

const LINE_FEED = Buffer.from("\n");

/** Reads lines until one matches. */
async function expectLine(
  pattern: string,
  peer: Peer,
  dialogue: Dialogue,
): Promise<{ readonly kind: "matched"; readonly match: RegexpMatch } | Failed> {
  const { log, tools } = dialogue.attempt;
  let last: Buffer | undefined;
  for (;;) {
    const heard = await peer.line();
    switch (heard.kind) {
      case "failed":
        return heard;
      case "ended": {
        dialogue.record.isFailedByRegexp = true;
        const when = `the peer closed the connection before a line matched ${quote(pattern)}`;
        if (last === undefined) return failed("dialogue_closed", when);
        return failed("expect_mismatch", `${when}; its last one was ${quoteBytes(last)}`);
      }
      case "heard": {
        last = heard.bytes;
        log.add("debug", "Read line", { line: shown(last, dialogue) });
        const match = tools.regexps.find(pattern, last);
        if (match === undefined) break;
        log.add("info", "Regexp matched", { regexp: pattern, line: shown(last, dialogue) });
        return { kind: "matched", match };
      }
    }
  }
}

async function expectBytes(
  wanted: Buffer,
  peer: Peer,
  dialogue: Dialogue,
): Promise<Failed | undefined> {
  const { log } = dialogue.attempt;
  const heard = await peer.bytes(wanted.length);
  if (heard.kind === "failed") return heard;
  const { bytes } = heard;
  log.add("debug", "Read bytes", { bytes: shown(bytes, dialogue) });
  if (heard.kind === "ended") {
    const came = `${bytes.length} of ${wanted.length} bytes`;
    return failed("dialogue_closed", `the peer closed the connection after ${came}`);
  }
  if (!bytes.equals(wanted)) {
    dialogue.record.isFailedByBytes = true;
    const detail = `the peer sent the bytes ${quoteBytes(bytes)}, wanted ${quoteBytes(wanted)}`;
    return failed("expect_mismatch", detail);
  }
  log.add("info", "Bytes matched", { bytes: shown(bytes, dialogue) });
  return undefined;
}

function noteLabels(
  { labels }: DialogueStep,
  match: RegexpMatch,
  record: DialogueRecord,
): Failed | undefined {
  if (labels === undefined) return undefined;
  const filled: [string, string][] = [];
  for (const { name, value } of labels) {
    const bytes = expandBytes(Buffer.from(value), match);
    if (bytes === undefined) return expandedTooLarge(`label ${name}`);
    filled.push([name, bytes.toString("utf8").slice(0, MAX_LABEL_CHARACTERS)]);
  }
  record.expectInfo = filled;
  return undefined;
}

function expandedTooLarge(what: string): Failed {
  return failed(
    "expect_too_large",
    `${what} would have more than ${MAX_EXPANDED_BYTES} bytes with what the peer sent`,
  );
}

/** The peer behind TLS on the same connection. What it said in the clear and was not read is forgotten. */
async function upgrade(
  peer: Peer,
  { attempt, record, planTls }: Dialogue,
): Promise<{ readonly kind: "upgraded"; readonly peer: Peer } | Failed> {
  const planned = await planTls();
  if (planned.kind === "failed") return planned;
  const { isEnded } = peer;
  // From here to the handshake nothing is awaited, or bytes of TLS could be read as lines.
  const plain = peer.leave();
  if (isEnded) {
    return failed("tls_handshake", "the peer closed the connection before the TLS handshake");
  }
  const connection = await secure(plain, planned.plan, attempt);
  record.tls = connection.tls;
  if (connection.kind === "failed") return connection;
  attempt.log.add("info", "TLS handshake succeeded", { tls: connection.tls?.version });
  attempt.stages.enter("dialogue");
  return { kind: "upgraded", peer: new Peer(connection.socket, attempt.signal) };
}

/** Bytes for the log; nothing is decoded where there is none. */
function shown(bytes: Buffer, { attempt }: Dialogue): string {
  return attempt.request.isDebug ? bytes.toString("utf8", 0, MAX_LABEL_CHARACTERS) : "";
}

/** Enough of them for a sentence. */
function quoteBytes(bytes: Buffer): string {
  return quote(bytes.toString("utf8", 0, 400));
}
