import type { TextSink } from "../metrics/text.ts";
import type { TargetEntry } from "../report/target-list.ts";
import { quote } from "../runtime/found.ts";
import { answerError, JSON_TYPE } from "./api-answer.ts";
import { queryOf } from "./go-url.ts";
import { API_PATH, type Handle, type Route } from "./route.ts";
import { Slots } from "./slots.ts";
import { encodingFor, setStreamHeaders, streamAnswer } from "./streamed.ts";

/** Each list in flight holds a copy of the tallies. */
const MAX_LISTS = 4;
const MAX_LIST_SECONDS = 120;
/** As the text of `/metrics`: large enough that the socket's own cost is small. */
const CHUNK_CHARACTERS = 32 * 1024;

/** Every target with its last results, or only those that fail or do not resolve. */
export type ListTargets = (
  options: { readonly isFailingOnly: boolean },
  signal: AbortSignal,
) => AsyncIterable<TargetEntry>;

/** `/api/v1/targets[?state=failing]`: one target a line, streamed as it is read. */
export function targetsRoute(
  listTargets: ListTargets,
  { maxSeconds = MAX_LIST_SECONDS }: { readonly maxSeconds?: number } = {},
): Route {
  const slots = new Slots(() => MAX_LISTS);

  const handle: Handle = async (request, response) => {
    const state = queryOf(request.originalUrl).get("state") ?? "";
    if (state !== "" && state !== "failing") {
      answerError(
        response,
        400,
        `state ${quote(state)} is not known: write state=failing for the targets that fail or do not resolve, or leave it out for all`,
      );
      return;
    }
    const encoding = encodingFor(request);
    if (request.method === "HEAD") {
      setStreamHeaders(response, JSON_TYPE, encoding);
      response.end();
      return;
    }
    const release = slots.take();
    if (release === undefined) {
      response.setHeader("Retry-After", "1");
      answerError(response, 503, `${MAX_LISTS} lists are being read, no more at once: try again`);
      return;
    }
    const isFailingOnly = state === "failing";
    try {
      await streamAnswer(response, {
        encoding,
        contentType: JSON_TYPE,
        maxSeconds,
        write: (sink, signal) => writeList(listTargets({ isFailingOnly }, signal), sink),
      });
    } finally {
      release();
    }
  };
  return {
    path: `${API_PATH}/targets`,
    methods: "reading",
    link: { query: "state=failing", text: "what fails now, with the reason (JSON)" },
    handle,
  };
}

async function writeList(entries: AsyncIterable<TargetEntry>, sink: TextSink): Promise<void> {
  let chunk = '{"targets":[';
  let separator = "\n";
  for await (const entry of entries) {
    chunk += separator + JSON.stringify(targetJson(entry));
    separator = ",\n";
    if (chunk.length < CHUNK_CHARACTERS) continue;
    const full = chunk;
    chunk = "";
    await sink.write(full);
  }
  await sink.write(`${chunk}\n]}\n`);
}

/**
 * A target as clients see it. Keys and their order are part of the public contract; what is undefined
 * is left out.
 */
export function targetJson(entry: TargetEntry) {
  const { target, module, group, labels, state, reason, detail, reportedBy, address, family } =
    entry;
  const { icmp, http, tcp, unix, dns, grpc, websocket, lastFinishedSeconds: at } = entry;
  const lastFinished = at === undefined ? undefined : new Date(at * 1000).toISOString();
  const who = { target, module, group, labels };
  const how = { state, reason, detail, reportedBy, address, family, lastFinished };
  return { ...who, ...how, icmp, http, tcp, unix, dns, grpc, websocket };
}
