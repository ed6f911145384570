import type { Module } from "../probe/module.ts";
import { HIDDEN_SECRET, withoutPassword } from "../runtime/secrets.ts";
import { formatDuration } from "../runtime/units.ts";

/** Keys of a configuration whose values are secrets, wherever they stand. */
export const SECRET_KEYS: ReadonlySet<string> = new Set([
  "password",
  "bearer_token",
  "credentials",
  "client_secret",
  "secrets",
  "key",
]);

/** Keys that hold texts by names of the operator's choice: headers, parameters, metadata. */
const NAMED_MAPS: ReadonlySet<string> = new Set([
  "headers",
  "http_headers",
  "proxy_connect_header",
  "endpoint_params",
  "metadata",
]);

/** Names, of headers above all, whose values are secrets more often than not. */
const SECRET_NAME =
  /auth(?:$|[-_]|oriz|ent)|cookie|token|secret|passw|assertion|session|credential|api[-_]?key/i;

/** Of `http_headers`: where to find the values, not the values. */
const FILE_LIST = "files";

/** A part of a configuration as plain data with its secrets hidden; what is undefined is left out. */
export function withoutSecrets(value: unknown): unknown {
  if (typeof value === "string") return withoutPassword(value);
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== "object" || value === null) return value;
  return mapped(value, (key, inner) => {
    if (SECRET_KEYS.has(key)) return hidden(inner);
    return NAMED_MAPS.has(key) ? withoutSecretNames(inner) : withoutSecrets(inner);
  });
}

/**
 * A module as its file has it, secrets hidden: prober, timeout, and the one block that its prober
 * uses, with every default written out. The other blocks have no effect.
 */
export function shownModule(module: Module): Readonly<Record<string, unknown>> {
  const { prober, timeout } = module;
  const block = Object.entries(module).find(([name]) => name === prober)?.[1];
  return {
    prober,
    ...(timeout === undefined ? {} : { timeout: durationText(timeout) }),
    ...(block === undefined ? {} : { [prober]: withoutSecrets(block) }),
  };
}

const DECIMALS_OF_SECONDS = 9;

/** A duration as the file has it; as a fraction of a second where milliseconds are too coarse. */
export function durationText(seconds: number): string {
  const milliseconds = seconds * 1000;
  if (Math.abs(milliseconds - Math.round(milliseconds)) < 1e-6) return formatDuration(seconds);
  // Cut, not rounded: what was to fit into an interval must still do.
  const nanoseconds = Math.floor(seconds * 1e9 + 1e-3);
  return `${(nanoseconds / 1e9).toFixed(DECIMALS_OF_SECONDS).replace(/0+$/, "")}s`;
}

function withoutSecretNames(values: unknown): unknown {
  if (typeof values !== "object" || values === null) return withoutSecrets(values);
  return mapped(values, (name, value) =>
    SECRET_NAME.test(name) ? hidden(value) : withoutSecrets(value),
  );
}

/** Each text of a secret. An empty one is shown: it tells why authentication fails, and hides nothing. */
function hidden(value: unknown): unknown {
  if (value === undefined || value === null || value === "") return value;
  if (Array.isArray(value)) return value.map(hidden);
  if (typeof value !== "object") return HIDDEN_SECRET;
  return mapped(value, (key, inner) => (key === FILE_LIST ? inner : hidden(inner)));
}

function mapped(value: object, change: (key: string, inner: unknown) => unknown): object {
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([key, inner]) => [key, change(key, inner)]),
  );
}
