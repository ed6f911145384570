/**
 * Keys of the public contract that are not built yet.
 * They are refused by name, never ignored: a file that asks for them would measure something else.
 * `*` stands for any name or index. An entry goes when its key arrives; a test holds the two apart.
 */
export const NOT_YET_KEYS: Readonly<Record<string, readonly string[]>> = {
  "groups.*": [
    "file_sd_configs",
    "http_sd_configs",
    "dns_sd_configs",
    "relabel_configs",
    "schedule",
    "timezone",
  ],
};

export function isKeyNotYet(parent: readonly PropertyKey[], key: string): boolean {
  return listedAt(NOT_YET_KEYS, parent).includes(key);
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
