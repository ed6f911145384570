import type { Address, AddressFamily } from "../runtime/address.ts";
import { formatDuration } from "../runtime/units.ts";
import type { AskServer, FamilyAnswer } from "./dns-answer.ts";
import { exchange, type ServerPlan } from "./exchange.ts";
import type { ResolveFailure } from "./resolution.ts";
import type { Candidate } from "./search-list.ts";

/** One name to be looked up, with all that decides how. */
export type Question = {
  /** As given, for sentences. */
  readonly name: string;
  readonly candidates: readonly Candidate[];
  readonly plan: ServerPlan;
  /** For everything together: candidates, servers and tries. */
  readonly timeoutSeconds: number;
};

/** What the servers said. */
export type Answer =
  | {
      readonly kind: "resolved";
      readonly addresses: readonly Address[];
      /** The least of all records, as the servers gave it. */
      readonly ttlSeconds: number;
      /** Families whose own question failed: they may have addresses that are not here. */
      readonly unknownFamilies: readonly AddressFamily[];
    }
  | { readonly kind: "failed"; readonly reason: ResolveFailure; readonly detail: string };

type Tried = {
  readonly candidate: Candidate;
  readonly reason: ResolveFailure;
  readonly code: string;
};

/** Names listed in a sentence. */
const MAX_NAMES_TOLD = 3;

/**
 * Asks for A and AAAA at once, for one candidate after the other, until one has addresses or the
 * time is up. Addresses of one family are enough; what the other family's question came to is told.
 *
 * @param tools.onSilentServer Called for a server that let others answer in its place.
 * @throws the reason of `signal` when it is aborted.
 */
export async function ask(
  question: Question,
  tools: {
    readonly askServer: AskServer;
    readonly onSilentServer: (server: string) => void;
  },
  signal: AbortSignal,
): Promise<Answer> {
  signal.throwIfAborted();
  const ending = new AbortController();
  const stop = (): void => ending.abort();
  const deadline = setTimeout(stop, question.timeoutSeconds * 1000);
  signal.addEventListener("abort", stop, { once: true });
  const askFamily = async (name: string, family: AddressFamily): Promise<FamilyAnswer> => {
    const { plan } = question;
    const done = await exchange({ name, family, plan }, tools.askServer, ending.signal);
    done.silentServers.forEach(tools.onSilentServer);
    return done.answer;
  };
  try {
    return await askCandidates(question, askFamily, ending.signal);
  } finally {
    clearTimeout(deadline);
    signal.removeEventListener("abort", stop);
    stop();
    signal.throwIfAborted();
  }
}

/** @see glibc resolv/res_query.c, `__res_context_search`: when to go on and what to say at the end. */
async function askCandidates(
  question: Question,
  askFamily: (name: string, family: AddressFamily) => Promise<FamilyAnswer>,
  ending: AbortSignal,
): Promise<Answer> {
  const tried: Tried[] = [];
  let isSearchOver = false;
  for (const candidate of question.candidates) {
    if (ending.aborted) break;
    if (candidate.isSearched && isSearchOver) continue;
    const [ipv4, ipv6] = await Promise.all([
      askFamily(candidate.name, "ipv4"),
      askFamily(candidate.name, "ipv6"),
    ]);
    const found = addressesOf(ipv4, ipv6);
    if (found !== undefined) return found;
    const failure = failureOf(ipv4, ipv6);
    tried.push({ candidate, ...failure });
    if (candidate.isSearched && !isSearchContinuedAfter(failure.reason)) isSearchOver = true;
  }
  const { reason, code } = verdict(tried);
  return { kind: "failed", reason, detail: explain(question, tried, reason, code) };
}

function addressesOf(ipv4: FamilyAnswer, ipv6: FamilyAnswer): Answer | undefined {
  const addresses: Address[] = [];
  const unknownFamilies: AddressFamily[] = [];
  let ttlSeconds = Number.POSITIVE_INFINITY;
  for (const [family, answer] of [["ipv4", ipv4] as const, ["ipv6", ipv6] as const]) {
    if (answer.kind === "failed") {
      if (!isStatement(answer.reason)) unknownFamilies.push(family);
      continue;
    }
    for (const record of answer.records) {
      addresses.push({ text: record.address, family });
      ttlSeconds = Math.min(ttlSeconds, record.ttlSeconds);
    }
  }
  if (addresses.length === 0) return undefined;
  return { kind: "resolved", addresses, ttlSeconds, unknownFamilies };
}

/** Whether a server said something about the name, rather than failing to. */
function isStatement(reason: ResolveFailure): boolean {
  return reason === "dns_nxdomain" || reason === "dns_no_address";
}

/**
 * What two failures mean together. NXDOMAIN is about the name and so settles both families (RFC
 * 2308 section 2.1); "no such record" settles its own alone, so trouble with the other outweighs it.
 */
function failureOf(
  ipv4: FamilyAnswer,
  ipv6: FamilyAnswer,
): { readonly reason: ResolveFailure; readonly code: string } {
  const failures = [ipv4, ipv6].filter((answer) => answer.kind === "failed");
  const nxdomains = failures.filter(({ reason }) => reason === "dns_nxdomain");
  const troubles = failures.filter(({ reason }) => !isStatement(reason));
  const isNameKnown = failures.some(({ reason }) => reason === "dns_no_address");
  const [telling] = [...(isNameKnown ? [] : nxdomains), ...troubles];
  return telling ?? { reason: "dns_no_address", code: "ENODATA" };
}

/** The next domain may know the name although this one's servers are in trouble; silence ends it. */
function isSearchContinuedAfter(reason: ResolveFailure): boolean {
  switch (reason) {
    case "dns_nxdomain":
    case "dns_no_address":
    case "dns_server_failure":
      return true;
    case "dns_timeout":
    case "dns_refused":
    case "dns_bad_name":
      return false;
  }
}

/** The name as given says most if it came first; else the most telling of the search. */
function verdict(tried: readonly Tried[]): Pick<Tried, "reason" | "code"> {
  const [first] = tried;
  const searched = tried.filter(({ candidate }) => candidate.isSearched);
  const telling =
    (first?.candidate.isSearched === false ? first : undefined) ??
    searched.find(({ reason }) => reason === "dns_no_address") ??
    searched.find(({ reason }) => reason === "dns_server_failure") ??
    tried.at(-1);
  return telling ?? { reason: "dns_timeout", code: "ETIMEOUT" };
}

function explain(
  question: Question,
  tried: readonly Tried[],
  reason: ResolveFailure,
  code: string,
): string {
  const names = tried.map(({ candidate }) => candidate.name);
  const told = names.slice(0, MAX_NAMES_TOLD).join(", ");
  const more = names.length > MAX_NAMES_TOLD ? ` and ${names.length - MAX_NAMES_TOLD} more` : "";
  const servers = question.plan.servers.join(", ");
  const asked = `(asked ${servers} for ${names.length === 0 ? question.name : told}${more})`;
  switch (reason) {
    case "dns_nxdomain":
      return `"${question.name}" does not exist ${asked}`;
    case "dns_no_address":
      return `"${question.name}" has no address: neither an A nor an AAAA record ${asked}`;
    case "dns_timeout":
      return `"${question.name}" got no answer from a name server within ${formatDuration(question.timeoutSeconds)} ${asked}`;
    case "dns_refused":
      return `"${question.name}" was refused by the name servers ${asked}`;
    case "dns_server_failure":
      return code === "ECONNREFUSED"
        ? `"${question.name}" could not be looked up: no name server listens there ${asked}`
        : `"${question.name}" could not be looked up: the name servers failed with ${code} ${asked}`;
    case "dns_bad_name":
      return `"${question.name}" is not a name that can be asked for ${asked}`;
  }
}
