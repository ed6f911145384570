import { get as getHttp, type IncomingMessage } from "node:http";
import { get as getHttps } from "node:https";
import { parseArgs } from "node:util";
import { parseDuration } from "../runtime/units.ts";
import { EXIT, type Terminal } from "./terminal.ts";

const DEFAULT_URL = "http://127.0.0.1:10707/-/ready";
const DEFAULT_TIMEOUT = "3s";
const MAX_TIMEOUT_SECONDS = 60;
/** A reason is one sentence; more of an answer is not read. */
const MAX_BODY_BYTES = 4_096;
const MAX_SENTENCE_CHARACTERS = 300;

const HELP = `Usage: sounder healthcheck [flags]

Asks a running agent whether it measures and says so in one line: for the HEALTHCHECK of an image, or
a script. Nothing else needs to be installed for it.

  --url=URL            what to ask (default ${DEFAULT_URL}); with --web.route-prefix
                       the prefix belongs before /-/ready
  --timeout=DURATION   for the whole answer, at most ${MAX_TIMEOUT_SECONDS}s (default ${DEFAULT_TIMEOUT})
  -h, --help           this text

Exit code: 0 it measures, 1 it does not or cannot be asked, 2 wrong use.
`;

type Wanted =
  | { readonly kind: "ask"; readonly url: URL; readonly timeoutSeconds: number }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly sentence: string };

type Health =
  | { readonly kind: "answered"; readonly status: number; readonly sentence: string }
  | { readonly kind: "unreachable"; readonly sentence: string };

/** `sounder healthcheck`: returns its exit code. */
export async function healthcheck(argv: readonly string[], io: Terminal): Promise<number> {
  const wanted = parseFlags(argv);
  switch (wanted.kind) {
    case "help":
      io.stdout(HELP);
      return EXIT.fine;
    case "wrong":
      io.stderr(`sounder healthcheck: ${wanted.sentence}\nTry "sounder healthcheck --help".\n`);
      return EXIT.wrongUse;
    case "ask":
      break;
  }
  const { url, timeoutSeconds } = wanted;
  const health = await ask(url, timeoutSeconds);
  switch (health.kind) {
    case "unreachable":
      io.stderr(`${url.href} cannot be asked: ${health.sentence}\n`);
      return EXIT.failed;
    case "answered": {
      const isFine = health.status >= 200 && health.status < 300;
      const line = `${url.href} answers ${health.status}: ${health.sentence}\n`;
      if (isFine) io.stdout(line);
      else io.stderr(line);
      return isFine ? EXIT.fine : EXIT.failed;
    }
  }
}

function parseFlags(argv: readonly string[]): Wanted {
  let values: { readonly url: string; readonly timeout: string; readonly help: boolean };
  try {
    values = readFlags(argv);
  } catch (error) {
    return { kind: "wrong", sentence: error instanceof Error ? error.message : String(error) };
  }
  if (values.help) return { kind: "help" };
  const isWeb = /^https?:\/\//i.test(values.url) && URL.canParse(values.url);
  if (!isWeb) {
    return {
      kind: "wrong",
      sentence: `--url=${values.url} is not understood: write for example ${DEFAULT_URL}`,
    };
  }
  const timeoutSeconds = parseDuration(values.timeout);
  if (timeoutSeconds === undefined || timeoutSeconds <= 0 || timeoutSeconds > MAX_TIMEOUT_SECONDS) {
    return {
      kind: "wrong",
      sentence: `--timeout=${values.timeout} is not understood: write a duration up to ${MAX_TIMEOUT_SECONDS}s, such as ${DEFAULT_TIMEOUT}`,
    };
  }
  return { kind: "ask", url: new URL(values.url), timeoutSeconds };
}

function readFlags(argv: readonly string[]) {
  return parseArgs({
    args: [...argv],
    strict: true,
    allowPositionals: false,
    options: {
      url: { type: "string", default: DEFAULT_URL },
      timeout: { type: "string", default: DEFAULT_TIMEOUT },
      help: { type: "boolean", short: "h", default: false },
    },
  }).values;
}

/** One request on a connection of its own, over when the answer is, or the time. Never rejects. */
function ask(url: URL, timeoutSeconds: number): Promise<Health> {
  return new Promise((resolve) => {
    const overdue = AbortSignal.timeout(timeoutSeconds * 1000);
    const fail = (error: Error): void => {
      const sentence = overdue.aborted ? `no answer within ${timeoutSeconds} s` : wordsOf(error);
      resolve({ kind: "unreachable", sentence });
    };
    const get = url.protocol === "https:" ? getHttps : getHttp;
    const request = get(url, { agent: false, signal: overdue }, (response) => {
      readSentence(response).then(
        (sentence) => {
          resolve({ kind: "answered", status: response.statusCode ?? 0, sentence });
          request.destroy();
        },
        (error: unknown) => fail(error instanceof Error ? error : new Error(String(error))),
      );
    });
    request.on("error", fail);
  });
}

/** The first line of the body, without anything a terminal could take as a command. */
async function readSentence(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    const buffer: Buffer = chunk;
    chunks.push(buffer);
    bytes += buffer.length;
    if (bytes >= MAX_BODY_BYTES) break;
  }
  const [line = ""] = Buffer.concat(chunks).toString("utf8").trimStart().split(/\r?\n/, 1);
  return line.replace(/\p{C}/gu, "?").slice(0, MAX_SENTENCE_CHARACTERS);
}

/** Node gathers the tries of several addresses in one error without a message. */
function wordsOf(error: Error): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return first instanceof Error ? first.message : String(first);
}
