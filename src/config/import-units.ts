import { isMap, isScalar, isSeq, type Node, parseDocument } from "yaml";
import { HIDDEN_SECRET } from "../runtime/secrets.ts";

/** A part of a file that can be commented out by whole lines and leaves the rest a file. Lines count from 1. */
export type ImportUnit = {
  readonly kind: "section" | "module" | "key" | "group" | "target";
  /** Name of the module or group, the way to the key, or the target's text without a password. */
  readonly name: string;
  readonly firstLine: number;
  readonly lastLine: number;
};

/** Keys of a module without which it still does what it is for, and how it does it then. */
export const SPARED_KEYS: ReadonlyMap<string, string> = new Map([
  ["enable_http3", "the module speaks HTTP/2 or HTTP/1.1 instead"],
]);

/** `user:password@` of a target, which must not be told. */
const USER_INFO = /^((?:[a-z][a-z0-9+.-]*:\/\/)?)[^/?#]*@/i;

/**
 * The parts of a configuration file that stand on lines of their own, outer ones before inner ones. What is written
 * in flow style (`{…}`, `[…]`) belongs to what is around it.
 *
 * @param text As `readYaml` read it without complaint, so that its nesting is bounded: the library recurses.
 */
export function unitsOf(text: string): readonly ImportUnit[] {
  const lines = new LineStarts(text);
  const units: ImportUnit[] = [];
  const add = (kind: ImportUnit["kind"], name: string, start: number, end: number): void => {
    const unit = lines.wholeLines(start, end);
    if (unit !== undefined) units.push({ kind, name, ...unit });
  };
  const document = parseDocument(text, {
    schema: "core",
    merge: false,
    resolveKnownTags: false,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: "silent",
  });
  for (const section of pairsOf(document.contents)) {
    if (section.name === "modules") {
      for (const module of pairsOf(section.value)) {
        add("module", module.name, module.start, module.end);
        addKeys(module, add);
      }
    } else if (section.name === "groups") {
      for (const group of itemsOf(section.value)) addGroup(group, add);
    } else {
      add("section", section.name, section.start, section.end);
    }
  }
  return units;
}

type Add = (kind: ImportUnit["kind"], name: string, start: number, end: number) => void;

function addKeys(module: PairAt, add: Add): void {
  for (const block of pairsOf(module.value)) {
    for (const key of pairsOf(block.value)) {
      if (!SPARED_KEYS.has(key.name)) continue;
      add("key", `${module.name}.${block.name}.${key.name}`, key.start, key.end);
    }
  }
}

function addGroup(group: Node, add: Add): void {
  const pairs = pairsOf(group);
  const name = pairs.find((pair) => pair.name === "name")?.value ?? null;
  const [start = 0, end = 0] = group.range ?? [];
  add("group", textOf(name), start, end);
  const targets = pairs.find((pair) => pair.name === "targets")?.value ?? null;
  for (const target of itemsOf(targets)) {
    const [from = 0, to = 0] = target.range ?? [];
    const written = pairsOf(target).find((pair) => pair.name === "target")?.value ?? target;
    add("target", textOf(written).replace(USER_INFO, `$1${HIDDEN_SECRET}@`), from, to);
  }
}

type PairAt = {
  readonly name: string;
  readonly value: Node | null;
  readonly start: number;
  readonly end: number;
};

function pairsOf(node: unknown): readonly PairAt[] {
  if (!isMap(node)) return [];
  return node.items.flatMap(({ key, value }) => {
    if (!isScalar(key) || key.range === undefined || key.range === null) return [];
    const [start, keyEnd] = key.range;
    const valueNode = (value as Node | null) ?? null;
    // A value that was left out has a range of no length, somewhere behind its key.
    const end = Math.max(keyEnd, valueNode?.range?.[1] ?? keyEnd);
    return [{ name: textOf(key), value: valueNode, start, end }];
  });
}

function itemsOf(node: unknown): readonly Node[] {
  return isSeq(node) ? node.items.filter((item): item is Node => item !== null) : [];
}

function textOf(node: unknown): string {
  return isScalar(node) ? (node.source ?? String(node.value)) : "";
}

class LineStarts {
  readonly #text: string;
  readonly #starts: readonly number[];

  constructor(text: string) {
    this.#text = text;
    this.#starts = [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)];
  }

  /** The lines from `start` to `end`; undefined where something else stands on them. */
  wholeLines(
    start: number,
    end: number,
  ): { readonly firstLine: number; readonly lastLine: number } | undefined {
    const text = this.#text.slice(start, end).trimEnd();
    const firstLine = this.#lineOf(start);
    const lastLine = this.#lineOf(start + Math.max(0, text.length - 1));
    const before = this.#text.slice(this.#starts[firstLine - 1], start);
    const after = this.#text.slice(start + text.length, this.#starts[lastLine] ?? undefined);
    const isAlone = /^\s*(?:-\s+)?$/.test(before) && /^\s*(?:#.*)?$/.test(after.trimEnd());
    return isAlone ? { firstLine, lastLine } : undefined;
  }

  #lineOf(offset: number): number {
    let [low, high] = [0, this.#starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  }
}
