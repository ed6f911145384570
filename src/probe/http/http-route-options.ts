import * as z from "zod";
import { flag } from "../../runtime/flag.ts";
import { secret } from "../../runtime/secrets.ts";
import { MAX_NO_PROXY_CHARACTERS } from "./no-proxy.ts";
import { parseProxyUrl } from "./proxy.ts";
import { headerProblem, isHeaderValue } from "./request-headers.ts";

const MAX_HEADERS = 100;
const MAX_VALUES = 100;

/** May hold a password, so messages never hold the text. An empty one is none. */
const proxyUrl = secret
  .superRefine((text, context) => {
    const parsed = text === "" ? undefined : parseProxyUrl(text);
    if (parsed?.kind !== "malformed") return;
    context.addIssue({ code: "custom", message: parsed.problem });
  })
  .transform((text) => (text === "" ? undefined : text));

const headerValues = z
  .array(secret, { error: "expected a list of the header's values" })
  .max(MAX_VALUES);

/** Headers of CONNECT: their values may be secrets. */
const connectHeaders = z.record(z.string(), headerValues).superRefine((headers, context) => {
  const names = Object.keys(headers);
  if (names.length > MAX_HEADERS) {
    const message = `has ${names.length} headers, at most ${MAX_HEADERS} are allowed`;
    context.addIssue({ code: "custom", message });
  }
  for (const [name, values] of Object.entries(headers)) {
    const isBad = values.some((value) => !isHeaderValue(value));
    const problem =
      headerProblem(name, "") ??
      (isBad
        ? `a value of header ${name} holds a line break or another control character`
        : undefined);
    if (problem !== undefined) context.addIssue({ code: "custom", path: [name], message: problem });
  }
});

/** The keys that put a proxy between: of a module and of its token server. */
export const proxyKeys = {
  proxy_url: proxyUrl.optional(),
  /** Places that are not asked of the proxy, with commas between. */
  no_proxy: z.string().max(MAX_NO_PROXY_CHARACTERS).default(""),
  proxy_from_environment: flag.default(false),
  proxy_connect_header: connectHeaders.default({}),
};
export type ProxyOptions = z.output<z.ZodObject<typeof proxyKeys>>;

/** Keys that exclude or need each other, as Prometheus' HTTP client has it. */
export function proxyProblems(options: ProxyOptions, context: z.core.$RefinementCtx): void {
  const problem = (key: keyof ProxyOptions, message: string): void => {
    context.addIssue({ code: "custom", path: [key], message });
  };
  const hasUrl = options.proxy_url !== undefined;
  const isFromEnvironment = options.proxy_from_environment;
  if (isFromEnvironment && hasUrl) {
    problem("proxy_url", "proxy_from_environment and proxy_url exclude each other: keep one");
  }
  if (options.no_proxy !== "") {
    if (isFromEnvironment) {
      problem("no_proxy", "with proxy_from_environment NO_PROXY counts: remove no_proxy");
    } else if (!hasUrl) {
      problem("no_proxy", "no_proxy takes places out of proxy_url: write proxy_url as well");
    }
  }
  if (Object.keys(options.proxy_connect_header).length > 0 && !hasUrl && !isFromEnvironment) {
    const remedy = "write proxy_url or proxy_from_environment as well";
    problem("proxy_connect_header", `proxy_connect_header is sent to a proxy: ${remedy}`);
  }
}
