/**
 * Loaded into every thread of an agent by `node --import`: writes down each round-trip time at the place where the
 * agent counts it, with what names the echo on the wire and with the kernel's stamps of it. IPv4 only.
 *
 * The agent's own files are as they ship. What is recorded is checked against its counters afterwards, so a change
 * there that passes by this recorder is found.
 */

import { EchoMatcher } from "../../src/icmp/loop/echo-matcher.ts";
import { Tally } from "../../src/icmp/loop/tally.ts";
import { identifierAt, sequenceAt } from "../../src/icmp/packet.ts";
import { RecordWriter } from "./record.ts";
import { NO_STAMP, type Stamp } from "./stamp.ts";

const RTT_ARGUMENT = 2;

const file = process.env["SOUNDER_BENCH_RECORD"];
if (file !== undefined) recordInto(file);

function recordInto(path: string): void {
  let writer: RecordWriter | undefined;
  let address = 0;
  let identifier = 0;
  let sequence = 0;
  let slotOfReply = 0;
  let received = NO_STAMP;
  /** By slot. A slot that is used again loses the stamp of its last echo. */
  const transmitted = new Map<number, Stamp>();

  type Overheard = Pick<EchoMatcher, "sent" | "transmitStamp" | "reply">;
  const matcher: { -readonly [name in keyof Overheard]: Overheard[name] } = EchoMatcher.prototype;
  matcher.sent = overheard(matcher.sent, (slot) => {
    transmitted.delete(slot);
  });
  matcher.transmitStamp = overheard(matcher.transmitStamp, (slot, seconds, nanoseconds) => {
    transmitted.set(slot, { seconds, nanoseconds });
  });
  matcher.reply = overheard(matcher.reply, (packet, message, _bytes, slot, ...told) => {
    const [words, addressWord, _isChecked, _hopLimit, seconds, nanoseconds] = told;
    // struct sockaddr_in: family and port, then the address in network order.
    address = mostSignificantFirst(words[addressWord + 1] ?? 0);
    identifier = identifierAt(packet, message);
    sequence = sequenceAt(packet, message);
    slotOfReply = slot;
    received = { seconds, nanoseconds };
  });
  // A reply that answers an echo of the grid is tallied within the call above.
  const tally: { answered: Tally["answered"] } = Tally.prototype;
  tally.answered = overheard(tally.answered, (...told) => {
    writer ??= openWriter(path);
    writer.add(address, identifier, sequence, {
      rttSeconds: told[RTT_ARGUMENT],
      transmitted: transmitted.get(slotOfReply) ?? NO_STAMP,
      received,
    });
  });
}

function openWriter(path: string): RecordWriter {
  const writer = new RecordWriter(path);
  process.once("exit", () => writer.close());
  return writer;
}

/** The method itself, but `listener` is told first what it is called with. */
function overheard<Told extends unknown[]>(
  method: (...told: Told) => void,
  listener: (...told: Told) => void,
): (...told: Told) => void {
  return function (this: unknown, ...told: Told): void {
    listener(...told);
    method.apply(this, told);
  };
}

/** Both of the engine's platforms store words least significant byte first. */
function mostSignificantFirst(word: number): number {
  const [first, second, third, fourth] = new Uint8Array(Uint32Array.of(word).buffer);
  return (((first ?? 0) << 24) | ((second ?? 0) << 16) | ((third ?? 0) << 8) | (fourth ?? 0)) >>> 0;
}
