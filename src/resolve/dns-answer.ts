import type { AddressFamily } from "../runtime/address.ts";
import type { ResolveFailure } from "./resolution.ts";

export type AddressRecord = { readonly address: string; readonly ttlSeconds: number };

/** How the question for the addresses of one name and one family ended. */
export type FamilyAnswer =
  | {
      readonly kind: "records";
      /** At least one, in the server's order; a TTL is the least of its chain of aliases. */
      readonly records: readonly AddressRecord[];
    }
  | {
      readonly kind: "failed";
      readonly reason: ResolveFailure;
      /** The code of c-ares, for people. */
      readonly code: string;
    };

/** One question on its way to one server. */
export type ServerQuery = {
  /** Never rejects. After `cancel` it settles as a failure that nobody must look at. */
  readonly answer: Promise<FamilyAnswer>;
  readonly cancel: () => void;
};

/**
 * Puts one question to one server. It is not asked again on silence: whoever asks does that, and
 * ends the wait with `cancel`.
 *
 * @param server With its port, as `serverText` writes it.
 * @param name Complete; nothing is searched.
 */
export type AskServer = (server: string, name: string, family: AddressFamily) => ServerQuery;

/**
 * What an error code of c-ares means here.
 *
 * A port where nobody listens (ECONNREFUSED) is a failing server; `dns_refused` is kept for a
 * server that is there and says REFUSED.
 */
export function reasonOf(code: string): ResolveFailure {
  switch (code) {
    case "ENOTFOUND":
      return "dns_nxdomain";
    case "ENODATA":
      return "dns_no_address";
    case "ETIMEOUT":
    case "ECANCELLED":
      return "dns_timeout";
    case "EREFUSED":
      return "dns_refused";
    case "EBADNAME":
      return "dns_bad_name";
    default: // codes are an open set: ESERVFAIL, ECONNREFUSED, EBADRESP, EFORMERR, ENOTIMP, ENOMEM, …
      return "dns_server_failure";
  }
}

/** Whether another server would have nothing to add. The rest is trouble of the server asked. */
export function isConclusive(answer: FamilyAnswer): boolean {
  if (answer.kind === "records") return true;
  switch (answer.reason) {
    case "dns_nxdomain":
    case "dns_no_address":
    case "dns_bad_name":
      return true;
    case "dns_timeout":
    case "dns_refused":
    case "dns_server_failure":
      return false;
  }
}
