import { isIP } from "node:net";
import { quote } from "../runtime/found.ts";

/** Where to listen. `host` undefined: every address of both families. */
export type ListenTarget = { readonly host: string | undefined; readonly port: number };

export type ParsedListenAddress =
  | { readonly kind: "parsed"; readonly target: ListenTarget }
  /** `problem` is one sentence that says what to write instead. */
  | { readonly kind: "malformed"; readonly problem: string };

const EXAMPLES = "write for example :10707, 127.0.0.1:10707 or [::1]:10707";

/** A value of `--web.listen-address`: `:10707`, `127.0.0.1:10707`, `[::1]:10707`, `localhost:10707`. */
export function parseListenAddress(text: string): ParsedListenAddress {
  const match = /^(?:\[([^\]]*)\]|([^:[\]\s/@]*)):(\d{1,5})$/.exec(text);
  if (match === null) return { kind: "malformed", problem: shapeProblem(text) };
  const [, bracketed, plain = "", digits = ""] = match;
  const port = Number(digits);
  if (port > 65_535) {
    const problem = `${quote(text)} has port ${digits}: ports end at 65535`;
    return { kind: "malformed", problem };
  }
  if (bracketed !== undefined && isIP(bracketed) !== 6) {
    const problem = `${quote(text)} has no IPv6 address in its brackets: ${EXAMPLES}`;
    return { kind: "malformed", problem };
  }
  if (plain === "*") {
    const problem = `${quote(text)} is not a listen address: write :${digits} for every address`;
    return { kind: "malformed", problem };
  }
  const host = bracketed ?? plain;
  return { kind: "parsed", target: { host: host === "" ? undefined : host, port } };
}

function shapeProblem(text: string): string {
  if (isIP(text) === 6) return `${quote(text)} has no port: write [${text}]:10707`;
  if (/^\d+$/.test(text)) return `${quote(text)} is not a listen address: write :${text}`;
  if (isIP(text) === 4) return `${quote(text)} has no port: write ${text}:10707`;
  return `${quote(text)} is not a listen address: ${EXAMPLES}`;
}
