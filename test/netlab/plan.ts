import type { EchoRequest } from "./packet.ts";
import type { Fate, PacketKind } from "./record.ts";
import { corruptReply, errorAbout, forgedReply, rightReply, truncatedReply } from "./reply.ts";
import { type HostScript, isChosen, type When } from "./script.ts";

export type PlannedPacket = {
  readonly kind: PacketKind;
  /** From the arrival of the request. */
  readonly holdSeconds: number;
  readonly bytes: Uint8Array;
};

/** All that will happen because of one echo request. */
export type Plan = {
  readonly fate: Fate;
  /** In the order in which those of equal hold are to be sent. */
  readonly packets: readonly PlannedPacket[];
  /** How long the right reply may wait for the reply to a later request; undefined: not at all. */
  readonly waitsForNextSeconds: number | undefined;
};

/** A request that nothing overtakes must get its answer at last. */
const DEFAULT_REORDER_LIMIT_SECONDS = 1;

/**
 * Plays the script for one request.
 *
 * @param request.number From 1, since the script was set.
 * @param request.sinceScriptSeconds How long the script has been in force.
 * @param draw The seeded chance of this request for a purpose, 0 to 1.
 */
export function planEcho(
  script: HostScript,
  request: {
    readonly echo: EchoRequest;
    readonly number: number;
    readonly sinceScriptSeconds: number;
  },
  draw: (purpose: string) => number,
): Plan {
  const { echo } = request;
  const happens = (part: { readonly when?: When } | undefined, purpose: string): boolean =>
    part !== undefined && isChosen(part.when, request.number, () => draw(purpose));
  const nothing = (fate: Fate): Plan => ({ fate, packets: [], waitsForNextSeconds: undefined });

  if (isDown(script, request.sinceScriptSeconds)) return nothing("down");
  const { loss } = script;
  if (loss !== undefined && isChosen(loss, request.number, () => draw("loss"))) {
    return nothing("lost");
  }
  const isLate = happens(script.late, "late");
  const holdSeconds = isLate
    ? (script.late?.holdSeconds ?? 0)
    : (script.delaySeconds ?? 0) + (script.jitterSeconds ?? 0) * draw("jitter");

  const { error, forge, truncate, corrupt } = script;
  const packets: PlannedPacket[] = [];
  let fate: Fate = isLate ? "late" : "answered";
  let isAnswered = true;
  const spoil = (
    kind: "error" | "forged" | "truncated" | "corrupt",
    wrong: { readonly alsoAnswers?: boolean },
    bytes: Uint8Array,
  ): void => {
    packets.push({ kind, holdSeconds, bytes });
    if (wrong.alsoAnswers === true) return;
    if (isAnswered) fate = kind;
    isAnswered = false;
  };
  if (error !== undefined && happens(error, "error")) {
    spoil("error", error, errorAbout(echo, error));
  }
  if (forge !== undefined && happens(forge, "forge")) {
    spoil("forged", forge, forgedReply(echo, script, forge));
  }
  if (truncate !== undefined && happens(truncate, "truncate")) {
    spoil("truncated", truncate, truncatedReply(echo, script, truncate.toBytes));
  }
  if (corrupt !== undefined && happens(corrupt, "corrupt")) {
    spoil("corrupt", corrupt, corruptReply(echo, script, corrupt.damage));
  }
  if (!isAnswered) return { fate, packets, waitsForNextSeconds: undefined };

  const bytes = rightReply(echo, script);
  packets.push({ kind: "reply", holdSeconds, bytes });
  const { duplicate } = script;
  if (duplicate !== undefined && happens(duplicate, "duplicate")) {
    for (let copy = 1; copy <= duplicate.copies; copy += 1) {
      const laterSeconds = copy * (duplicate.spacingSeconds ?? 0);
      packets.push({ kind: "duplicate", holdSeconds: holdSeconds + laterSeconds, bytes });
    }
  }
  const waitsForNextSeconds = happens(script.reorder, "reorder")
    ? (script.reorder?.atMostSeconds ?? DEFAULT_REORDER_LIMIT_SECONDS)
    : undefined;
  return { fate, packets, waitsForNextSeconds };
}

function isDown(script: HostScript, sinceScriptSeconds: number): boolean {
  if (script.flap === undefined) return false;
  const { upSeconds, downSeconds } = script.flap;
  return sinceScriptSeconds % (upSeconds + downSeconds) >= upSeconds;
}
