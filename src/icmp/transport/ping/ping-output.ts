import { type AddressFamily, addressBytes, familyOf } from "../../../runtime/address.ts";
import type { LossReason } from "../../echo.ts";
import { ICMP_HEADER_BYTES } from "../../packet.ts";
import {
  complaints,
  errnoOf,
  notAsAsked,
  reasonInWords,
  sendRefusal,
  wholeLines,
} from "./ping-errors.ts";
import type { ProgramOutput } from "./ping-process.ts";
import type { PingKind } from "./ping-program.ts";

/** The one echo that a program was started for. */
export type AskedEcho = {
  readonly kind: PingKind;
  readonly family: AddressFamily;
  /** An IP address; its zone is not compared. */
  readonly target: string;
  readonly payloadBytes: number;
};

/** What the program says it heard, in its order. */
export type PingHeard =
  | {
      readonly kind: "answered";
      /** Undefined when the payload had no room for the program's stamp: 16 bytes for iputils, 4 for BusyBox. */
      readonly rttSeconds: number | undefined;
      /** NaN when the program did not say. */
      readonly hopLimit: number;
      /** The program saw its reply come before it was sent, and made up a time. */
      readonly isTimeMadeUp: boolean;
    }
  /** The target answered with something else than was sent. */
  | { readonly kind: "corrupted" }
  /** A reply of somebody else. */
  | { readonly kind: "foreign" }
  | { readonly kind: "explained"; readonly reason: LossReason; readonly reporter: string };

export type PingReport = {
  readonly heard: readonly PingHeard[];
  /** The name of the error number why no echo left; undefined when one did, or that is not known yet. */
  readonly unsent: string | undefined;
};

const REPLY: Readonly<Record<PingKind, RegExp>> = {
  iputils:
    /^(?<bytes>\d{1,6}) bytes from (?<from>[0-9a-f.:]+)(?:%\S+)?: icmp_seq=(?<sequence>\d+)(?: ttl=(?<hopLimit>\d{1,3}))?(?<cut> \(truncated\))?(?: time=(?<milliseconds>\d{1,20}(?:\.\d{1,3})?) ms)?(?<remarks>(?: \([A-Z !]+\))*)$/,
  busybox:
    /^(?<bytes>\d{1,6}) bytes from (?<from>[0-9a-f.:]+): seq=(?<sequence>\d+) ttl=(?<hopLimit>-?\d{1,3})(?: time=(?<milliseconds>\d{1,20}\.\d{3}) ms)?(?: \(DUP!\))?$/,
};
const WRONG_DATA = /^wrong data byte #\d+ should be 0x[0-9a-f]+ but was 0x[0-9a-f]+$/;
const ICMP_ERROR = /^From (\S+) icmp_seq=1 (.+)$/;
const STATISTICS = /^(\d+) packets transmitted, \d+ (?:packets )?received, /;
const TIME_WENT_BACK = /^Warning: (?:time of day goes back|invalid tv_u?sec) /;

/** iputils counts from 1, BusyBox from 0. */
const FIRST_SEQUENCE: Readonly<Record<PingKind, string>> = { iputils: "1", busybox: "0" };

/**
 * Reads what `ping -n -c 1` has written up to now in the C locale; never throws.
 *
 * Nothing is guessed: a line that is not known is as if it were not there. As more is written `heard` grows at its end.
 * That a damaged reply is one says the line after it, which the program writes together with it.
 *
 * A program that ended without its statistics gave up before it sent anything, whatever it complained of.
 */
export function readPingOutput(asked: AskedEcho, output: ProgramOutput): PingReport {
  const all = complaints(output.stderr);
  const otherwise = notAsAsked(all);
  if (otherwise !== undefined) return { heard: [], unsent: otherwise };
  const isTimeMadeUp = all.some((complaint) => TIME_WENT_BACK.test(complaint));
  const heard: PingHeard[] = [];
  let transmitted: number | undefined;
  for (const line of wholeLines(output.stdout)) {
    const one = replyIn(line, asked, isTimeMadeUp) ?? errorIn(line, asked);
    if (one !== undefined) heard.push(one);
    else if (WRONG_DATA.test(line)) spoilLast(heard);
    else transmitted ??= numberIn(STATISTICS.exec(line)?.[1]);
  }
  if (heard.length > 0) return { heard, unsent: undefined };
  return { heard, unsent: sendRefusal(all) ?? whyGivenUp(output, all, transmitted) };
}

function replyIn(line: string, asked: AskedEcho, isTimeMadeUp: boolean): PingHeard | undefined {
  const said = REPLY[asked.kind].exec(line)?.groups;
  if (said === undefined) return undefined;
  const { bytes, from = "", sequence, hopLimit, cut, milliseconds, remarks } = said;
  if (!isSameAddress(from, asked.target) || sequence !== FIRST_SEQUENCE[asked.kind]) {
    return { kind: "foreign" };
  }
  const isWhole = Number(bytes) === asked.payloadBytes + ICMP_HEADER_BYTES && cut === undefined;
  if (!isWhole || remarks?.includes("(BAD CHECKSUM!)")) return { kind: "corrupted" };
  return {
    kind: "answered",
    // By its text: a division would leave binary noise in the last digits.
    rttSeconds: milliseconds === undefined ? undefined : Number(`${milliseconds}e-3`),
    hopLimit: hopLimitOf(hopLimit),
    isTimeMadeUp,
  };
}

/** 0 and −1 stand for what the kernel did not tell the program. */
function hopLimitOf(text: string | undefined): number {
  const value = Number(text);
  return value >= 1 && value <= 255 ? value : Number.NaN;
}

function errorIn(line: string, { kind, family }: AskedEcho): PingHeard | undefined {
  // BusyBox tells none: its socket gets no ICMP error for echoes.
  const match = kind === "iputils" ? ICMP_ERROR.exec(line) : null;
  const [, reporter = "", words = ""] = match ?? [];
  if (familyOf(reporter) !== family) return undefined;
  const reason = reasonInWords(family, words);
  return reason === undefined ? undefined : { kind: "explained", reason, reporter };
}

function spoilLast(heard: PingHeard[]): void {
  if (heard.at(-1)?.kind === "answered") heard[heard.length - 1] = { kind: "corrupted" };
}

function numberIn(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

/** Both texts are in one family and may differ in zone and in the form of zeros. */
function isSameAddress(one: string, other: string): boolean {
  const bytes = addressBytes(one);
  const others = addressBytes(other);
  return bytes !== undefined && others !== undefined && bytes.join() === others.join();
}

function whyGivenUp(
  { end }: ProgramOutput,
  all: readonly string[],
  transmitted: number | undefined,
): string | undefined {
  if (end === undefined || end.kind === "killed") return undefined;
  if (end.kind === "failed") return end.code;
  // The send buffer was full all the time.
  if (transmitted === 0) return "ENOBUFS";
  if (transmitted !== undefined) return undefined;
  // Whether it had sent is unknown, but what came afterwards nobody heard: that is no loss of the network.
  if (end.kind === "signalled") return "EINTR";
  return all.map(errnoOf).findLast((errno) => errno !== undefined) ?? "EPERM";
}
