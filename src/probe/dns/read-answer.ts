import { type Failed, failed } from "../failure.ts";
import { type Message, readMessage } from "./message.ts";
import { MalformedMessageError } from "./wire-reader.ts";

/** How the asking ended. */
export type DnsAnswer = { readonly kind: "answered"; readonly message: Message } | Failed;

/** A message read, or the failure it is. */
export function readAnswer(bytes: Buffer): DnsAnswer {
  try {
    return { kind: "answered", message: readMessage(bytes) };
  } catch (error) {
    if (!(error instanceof MalformedMessageError)) throw error;
    return failed("query_malformed", `the answer is no valid DNS message: ${error.message}`);
  }
}
