import { HTTP_KEYS_NOT_SUPPORTED_YET } from "../probe/http/http-options.ts";

/**
 * Keys and values of the public contract (and of blackbox_exporter's modules) that are not built yet.
 * They are refused by name, never ignored: a file that asks for them would measure something else.
 * `*` stands for any name or index. An entry goes when its key arrives; a test holds the two apart.
 */
export const NOT_YET_KEYS: Readonly<Record<string, readonly string[]>> = {
  "modules.*.http": HTTP_KEYS_NOT_SUPPORTED_YET,
  "groups.*": [
    "file_sd_configs",
    "http_sd_configs",
    "dns_sd_configs",
    "relabel_configs",
    "schedule",
    "timezone",
  ],
};

export const NOT_YET_VALUES: Readonly<Record<string, readonly string[]>> = {};

/** Built-in modules that wait for their prober. */
export const NOT_YET_MODULES: Readonly<Record<string, string>> = {};

export function isKeyNotYet(parent: readonly PropertyKey[], key: string): boolean {
  return listedAt(NOT_YET_KEYS, parent).includes(key);
}

export function isValueNotYet(path: readonly PropertyKey[], value: unknown): boolean {
  return typeof value === "string" && listedAt(NOT_YET_VALUES, path).includes(value);
}

function listedAt(
  table: Readonly<Record<string, readonly string[]>>,
  path: readonly PropertyKey[],
): readonly string[] {
  const found = Object.entries(table).find(([pattern]) => {
    const keys = pattern.split(".");
    return keys.length === path.length && keys.every((key, at) => key === "*" || key === path[at]);
  });
  return found?.[1] ?? [];
}
