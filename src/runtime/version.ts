import { readFileSync } from "node:fs";

/** The package's version, from the package.json of the tree this file was built in. */
export function packageVersion(): string {
  // From src/runtime or dist/src/runtime, whichever runs.
  for (const up of ["../../package.json", "../../../package.json"]) {
    const version = versionIn(new URL(up, import.meta.url));
    if (version !== undefined) return version;
  }
  throw new Error("Cannot find the version: package.json of sounder is not where it was built");
}

function versionIn(file: URL): string | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
  const { name, version } = JSON.parse(text) as { name?: unknown; version?: unknown };
  return name === "sounder" && typeof version === "string" ? version : undefined;
}
