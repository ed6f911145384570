import { type Failed, failed } from "../failure.ts";

/** The keys of a module that have to do with HTTP/3. */
export type Http3Keys = {
  readonly enable_http2: boolean;
  readonly enable_http3: boolean;
  readonly valid_http_versions: readonly string[];
};

const VERSION = "HTTP/3.0";
const OTHER_VERSIONS: readonly string[] = ["HTTP/1.1", "HTTP/2.0"];

/** What blackbox_exporter refuses when it loads a file; what it takes is taken here (docs/decisions/0022-http3.md). */
export function http3Problems(
  keys: Http3Keys,
): readonly { readonly key: string; readonly message: string }[] {
  const { enable_http2: isHttp2, enable_http3: isHttp3, valid_http_versions: valid } = keys;
  if (!isHttp3) {
    if (!valid.includes(VERSION)) return [];
    const message = `${VERSION} is not spoken without enable_http3: leave it out`;
    return [{ key: "valid_http_versions", message }];
  }
  const problems: { readonly key: string; readonly message: string }[] = [];
  if (isHttp2) {
    const message = "needs enable_http2: false beside it: write that, or remove enable_http3";
    problems.push({ key: "enable_http3", message });
  }
  const other = valid.find((version) => OTHER_VERSIONS.includes(version));
  if (other !== undefined) {
    const message = `${other} is never spoken with enable_http3: leave it out`;
    problems.push({ key: "valid_http_versions", message });
  }
  return problems;
}

/** What is said of a module with `enable_http3`, wherever it is met. */
export const HTTP3_SENTENCE =
  "HTTP/3 is not spoken, for it needs QUIC and Node.js has none: probe with HTTP/2 (enable_http2: true, no enable_http3)";

/** Why no probe of a module can succeed; undefined where one can. */
export function http3Failure({ enable_http3: isWanted }: Http3Keys): Failed | undefined {
  return isWanted ? failed("http_version", HTTP3_SENTENCE) : undefined;
}
