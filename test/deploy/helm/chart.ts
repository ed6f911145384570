import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { packageRoot } from "../../support/golden.ts";
import { Templates } from "./template/run.ts";
import { isMap } from "./template/value.ts";

export const CHART = join(packageRoot(), "deploy/helm/sounder");

/** A map of YAML. */
export type Map = Readonly<Record<string, unknown>>;

/** An object for Kubernetes, and the template it comes from. */
export type Manifest = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Map & { readonly name: string };
  readonly template: string;
  readonly object: Map;
};

export type Rendered = {
  /** What comes out of each template, as it stands; without those that give nothing. */
  readonly texts: ReadonlyMap<string, string>;
  readonly manifests: readonly Manifest[];
  readonly notes: string;
};

export type Release = { readonly name: string; readonly namespace: string };

const RELEASE: Release = { name: "sounder", namespace: "monitoring" };

/** The chart rendered for these values over its own, as `helm template` does it. */
export function renderChart(values: Map, release: Release = RELEASE): Rendered {
  const templates = new Templates();
  const files = filesUnder(join(CHART, "templates"));
  for (const file of files) {
    templates.add(`templates/${file}`, readFileSync(join(CHART, "templates", file), "utf8"));
  }
  const top = topOf(merged(chartValues(), values), release);
  const texts = new Map<string, string>();
  for (const file of files.filter((path) => !basename(path).startsWith("_"))) {
    const text = templates.run(`templates/${file}`, {
      ...top,
      Template: { Name: `sounder/templates/${file}`, BasePath: "sounder/templates" },
    });
    if (text.trim() !== "") texts.set(file, text);
  }
  const notes = texts.get("NOTES.txt") ?? "";
  texts.delete("NOTES.txt");
  const manifests = [...texts].flatMap(([file, text]) => manifestsOf(file, text));
  return { texts, manifests, notes };
}

export function chartValues(): Map {
  return readYaml(join(CHART, "values.yaml"));
}

/** The values files of `ci/`, by name. */
export function ciValues(): ReadonlyMap<string, Map> {
  const folder = join(CHART, "ci");
  return new Map(readdirSync(folder).map((file) => [file, readYaml(join(folder, file))]));
}

/** As Helm: maps are merged, anything else is replaced, and null takes a key away. */
export function merged(under: Map, over: Map): Map {
  const result: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const before = result[key];
    if (value === null) delete result[key];
    else result[key] = isMap(before) && isMap(value) ? merged(before, value) : value;
  }
  return result;
}

function topOf(values: Map, release: Release): Map {
  const chart = readYaml(join(CHART, "Chart.yaml"));
  // Helm gives the fields of Chart.yaml with a capital.
  const capital = Object.entries(chart).map(([key, value]) => [
    key.charAt(0).toUpperCase() + key.slice(1),
    value,
  ]);
  return {
    Values: values,
    Chart: Object.fromEntries(capital),
    Release: {
      Name: release.name,
      Namespace: release.namespace,
      Service: "Helm",
      IsInstall: true,
      IsUpgrade: false,
      Revision: 1n,
    },
    Files: { Get: fileOfChart, Glob: globOfChart },
  };
}

function fileOfChart(path: unknown): string {
  return readFileSync(join(CHART, String(path)), "utf8");
}

/** `*` in the last part alone. */
function globOfChart(pattern: unknown): Map {
  const match = /^([\w/-]+)\/\*([\w.-]*)$/.exec(String(pattern));
  const [, folder, ending] = match ?? [];
  if (folder === undefined || ending === undefined) {
    throw new Error(`a pattern like ${String(pattern)} is not known here`);
  }
  const found = readdirSync(join(CHART, folder)).filter((file) => file.endsWith(ending));
  return Object.fromEntries(found.map((file) => [`${folder}/${file}`, new Uint8Array()]));
}

/**
 * @throws {Error} when the text is not YAML, or reads differently as YAML 1.1 (as Kubernetes has it) and 1.2: an
 *   unquoted `on` or `0777` is a mistake of the template.
 */
export function manifestsOf(template: string, text: string): Manifest[] {
  const read = (version: "1.1" | "1.2"): unknown[] =>
    parseAllDocuments(text, { version, uniqueKeys: true }).map((document) => {
      const [error] = document.errors;
      if (error !== undefined) throw new Error(`${template}: ${error.message}\n${text}`);
      return document.toJS() as unknown;
    });
  const objects = read("1.1").filter((object) => object !== null);
  const same = JSON.stringify(read("1.2").filter((object) => object !== null));
  if (JSON.stringify(objects) !== same) throw new Error(`${template}: reads in two ways`);
  return objects.map((object) => {
    if (!isMap(object) || !isMap(object["metadata"])) throw new Error(`${template}: no object`);
    const { apiVersion, kind, metadata } = object;
    const { name } = metadata as Map;
    if (typeof apiVersion !== "string" || typeof kind !== "string" || typeof name !== "string") {
      throw new Error(`${template}: an object needs apiVersion, kind and a name`);
    }
    return { apiVersion, kind, metadata: { ...(metadata as Map), name }, template, object };
  });
}

export function readYaml(file: string): Map {
  const value: unknown = parse(readFileSync(file, "utf8"), { version: "1.1" });
  if (value === null) return {};
  if (!isMap(value)) throw new Error(`${file}: no map`);
  return value;
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();
}
