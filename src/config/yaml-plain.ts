import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type Scalar,
} from "yaml";
import { quote } from "../runtime/found.ts";
import type { Place } from "./place.ts";
import { type ConfigProblem, pathText } from "./problem.ts";
import type { LineColumn } from "./yaml.ts";
import { BINARY_TAG, binaryText } from "./yaml-binary.ts";

/** Values that aliases may add: enough for common labels on 100,000 targets, far below an alias bomb. */
const MAX_ALIASED_VALUES = 1_000_000;

/** Aliases within what aliases name; the walk recurses. */
const MAX_ALIAS_DEPTH = 20;

const KNOWN_TAGS: ReadonlySet<string> = new Set(
  ["str", "int", "float", "bool", "null", "map", "seq"].map((name) => `tag:yaml.org,2002:${name}`),
);

type Plain = { readonly value: unknown; readonly place: Place };
type Path = readonly (string | number)[];

class AliasBomb extends Error {
  override readonly name = "AliasBomb";
}

/**
 * A document as plain objects, lists and scalars with the place of each. Aliases and merge keys are
 * followed here and not by the library, because here their cost is counted and their places are kept.
 */
export function plainFrom(
  document: Document.Parsed,
  lineColumn: LineColumn,
): Plain & { readonly problems: readonly ConfigProblem[] } {
  const problems: ConfigProblem[] = [];
  const anchors = new Map<string, Node>();
  const open = new Set<Node>();
  let aliasedValues = 0;
  let aliasDepth = 0;
  let outermostAliasAt = 0;

  const report = (offset: number, path: Path, message: string): void => {
    problems.push({ ...lineColumn(offset), path: pathText(path), message });
  };
  const unreadable = (valueAt: number, keyAt: number | undefined): Plain => ({
    value: undefined,
    place: { valueAt, keyAt, source: undefined, isUnreadable: true, children: undefined },
  });

  const read = (
    node: Node | null,
    path: Path,
    keyAt: number | undefined,
    fallbackAt: number,
  ): Plain => {
    const valueAt = node?.range?.[0] ?? fallbackAt;
    if (node === null) return scalar(null, undefined, valueAt, keyAt);
    if (aliasDepth > 0) {
      aliasedValues += 1;
      if (aliasedValues > MAX_ALIASED_VALUES) throw new AliasBomb();
    }
    if (isAlias(node)) return follow(node.source, valueAt, path, keyAt);
    if (node.tag === BINARY_TAG && isScalar(node)) {
      const text = binaryText(node.source ?? "");
      if (text !== undefined) return scalar(text, undefined, valueAt, keyAt);
      report(valueAt, path, "!!binary needs base64: check that nothing of it is missing");
      return unreadable(valueAt, keyAt);
    }
    if (node.tag !== undefined && !KNOWN_TAGS.has(node.tag)) {
      report(
        valueAt,
        path,
        `the tag ${quote(node.tag)} is not known here: remove it, or put the text in quotes`,
      );
      return unreadable(valueAt, keyAt);
    }
    if (aliasDepth === 0 && node.anchor !== undefined) anchors.set(node.anchor, node);
    if (isScalar(node)) return scalar(node.value, node.source, valueAt, keyAt);
    open.add(node);
    try {
      if (isMap(node)) return mapping(node.items, path, valueAt, keyAt);
      if (isSeq(node)) return list(node.items, path, valueAt, keyAt);
      return unreadable(valueAt, keyAt);
    } finally {
      open.delete(node);
    }
  };

  const scalar = (
    value: unknown,
    source: string | undefined,
    valueAt: number,
    keyAt: number | undefined,
  ): Plain => ({
    value,
    place: { valueAt, keyAt, source, isUnreadable: false, children: undefined },
  });

  const follow = (
    anchor: string,
    valueAt: number,
    path: Path,
    keyAt: number | undefined,
  ): Plain => {
    const node = anchors.get(anchor);
    if (node === undefined || open.has(node)) {
      const name = quote(`*${anchor}`);
      const isMeantAsAlias = /^[\w-]+$/.test(anchor);
      report(
        valueAt,
        path,
        node === undefined
          ? isMeantAsAlias
            ? `${name} is an alias in YAML, and no anchor ${quote(`&${anchor}`)} stands before it: put the text in quotes if no alias is meant`
            : `${name} must be in quotes: an unquoted "*" begins an alias in YAML`
          : `the alias ${name} stands inside what it names: write the value out`,
      );
      return unreadable(valueAt, keyAt);
    }
    if (aliasDepth === MAX_ALIAS_DEPTH) throw new AliasBomb();
    if (aliasDepth === 0) outermostAliasAt = valueAt;
    aliasDepth += 1;
    const { value, place } = read(node, path, keyAt, valueAt);
    aliasDepth -= 1;
    return { value, place: { ...place, valueAt } };
  };

  const list = (
    items: readonly unknown[],
    path: Path,
    valueAt: number,
    keyAt: number | undefined,
  ): Plain => {
    const value: unknown[] = [];
    const children = new Map<string, Place>();
    for (const [index, item] of items.entries()) {
      const plain = read(item as Node | null, [...path, index], undefined, valueAt);
      value.push(plain.value);
      children.set(String(index), plain.place);
    }
    return { value, place: { valueAt, keyAt, source: undefined, isUnreadable: false, children } };
  };

  const mapping = (
    items: readonly Pair[],
    path: Path,
    valueAt: number,
    keyAt: number | undefined,
  ): Plain => {
    const own = new Map<string, Plain>();
    const merged = new Map<string, Plain>();
    for (const { key, value } of items) {
      const keyNode = key as Node | null;
      const at = keyNode?.range?.[0] ?? valueAt;
      const name = keyText(keyNode);
      if (name === undefined || name === "__proto__") {
        const remedy =
          name === undefined
            ? "a key must be a text: put it in quotes"
            : 'the key "__proto__" is not allowed: choose another';
        report(at, path, remedy);
        continue;
      }
      if (isMergeKey(keyNode)) {
        merge(value as Node | null, at, path, merged);
        continue;
      }
      const first = own.get(name);
      if (first !== undefined) {
        const { line } = lineColumn(first.place.keyAt ?? valueAt);
        report(
          at,
          [...path, name],
          `the key ${quote(name)} is already in line ${line}: remove one of them, or give it another name`,
        );
        // Read all the same: it may hold anchors and problems of its own.
        read(value as Node | null, [...path, name], at, at);
        continue;
      }
      own.set(name, read(value as Node | null, [...path, name], at, at));
    }
    for (const [name, plain] of merged) if (!own.has(name)) own.set(name, plain);
    const value: Record<string, unknown> = {};
    const children = new Map<string, Place>();
    for (const [name, plain] of own) {
      value[name] = plain.value;
      children.set(name, plain.place);
    }
    return { value, place: { valueAt, keyAt, source: undefined, isUnreadable: false, children } };
  };

  const keyText = (key: Node | null): string | undefined => {
    const node = isAlias(key) ? anchors.get(key.source) : key;
    if (!isScalar(node) || node.value === null) return undefined;
    if (aliasDepth === 0 && node.anchor !== undefined) anchors.set(node.anchor, node);
    return typeof node.value === "string" ? node.value : node.source;
  };

  /** Earlier sources win over later ones, and own keys over all. @see https://yaml.org/type/merge.html */
  const merge = (node: Node | null, at: number, path: Path, into: Map<string, Plain>): void => {
    const target = isAlias(node) ? anchors.get(node.source) : node;
    const sources = isSeq(target) ? (target.items as Node[]) : [node];
    for (const source of sources) {
      const { value, place } = read(source, path, at, at);
      if (place.isUnreadable) continue;
      if (place.children === undefined || Array.isArray(value)) {
        report(
          at,
          path,
          '"<<" merges mappings: write <<: *name, or <<: [*one, *other], with anchors of mappings',
        );
        continue;
      }
      const values = value as Readonly<Record<string, unknown>>;
      for (const [name, child] of place.children) {
        if (!into.has(name)) into.set(name, { value: values[name], place: child });
      }
    }
  };

  try {
    return { ...read(document.contents, [], undefined, 0), problems };
  } catch (error) {
    if (!(error instanceof AliasBomb)) throw error;
    const message = `the aliases of this file stand for more than ${MAX_ALIASED_VALUES} values, or nest deeper than ${MAX_ALIAS_DEPTH}: write the values out`;
    return {
      ...unreadable(0, undefined),
      problems: [{ ...lineColumn(outermostAliasAt), path: "", message }],
    };
  }
}

function isMergeKey(key: Node | null): boolean {
  return isScalar(key) && (key as Scalar).type === "PLAIN" && key.value === "<<";
}
