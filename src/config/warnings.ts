import { HTTP3_SENTENCE } from "../probe/http/http3.ts";
import type { Module } from "../probe/module.ts";
import { quote } from "../runtime/found.ts";
import type { Config } from "./config.ts";

/** Versions that an answer can have. */
const HTTP_VERSIONS: ReadonlySet<string> = new Set([
  "HTTP/1.0",
  "HTTP/1.1",
  "HTTP/2.0",
  "HTTP/3.0",
]);

/**
 * What is odd in a valid configuration, a sentence each: modules that blackbox_exporter loads as well and that cannot
 * do what they are for.
 */
export function warningsOf({ modules }: Pick<Config, "modules">): readonly string[] {
  return Object.entries(modules).flatMap(([name, module]) =>
    oddities(module).map((oddity) => `module ${quote(name)}: ${oddity}`),
  );
}

function oddities(module: Module): readonly string[] {
  if (module.prober !== "http") return [];
  const odd = module.http.valid_http_versions.filter((version) => !HTTP_VERSIONS.has(version));
  return [
    ...(speaksHttp3(module) ? [`every probe fails: ${HTTP3_SENTENCE}`] : []),
    ...(odd.length === 0
      ? []
      : [`no answer has the version ${odd.map(quote).join(", ")}: HTTP/2 is written HTTP/2.0`]),
  ];
}

/** Whether a module is one for HTTP/3, which is not spoken. */
export function speaksHttp3(module: Module | undefined): boolean {
  return module?.prober === "http" && module.http.enable_http3;
}
