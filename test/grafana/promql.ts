import type { SyntaxNode } from "@lezer/common";
import { parser } from "@prometheus-io/lezer-promql";
import { GRAFANA_DURATIONS } from "./substitute.ts";

export type Matcher = { readonly label: string; readonly operator: string; readonly value: string };

/** `metric{…}` in an expression, and what stands around it. */
export type Selector = {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
  /** The range behind it, as written: `5m`, `$__rate_interval`. Undefined for an instant vector. */
  readonly range: string | undefined;
  /** The function whose argument it is, modifiers aside. */
  readonly function: string | undefined;
};

export type Parsed = {
  readonly selectors: readonly Selector[];
  /** Labels named by `by`, `without`, `on`, `ignoring`, `group_left`, `group_right`. */
  readonly groupingLabels: readonly string[];
  /** Label that `count_values` makes. */
  readonly madeLabels: readonly string[];
};

/**
 * The parts of an expression that a test asks for.
 *
 * Grafana's own durations (`$__rate_interval`) are no PromQL: each is put in as a duration that nothing else has.
 *
 * @throws with the place, when it is no PromQL.
 */
export function parseExpression(expression: string): Parsed {
  const text = GRAFANA_DURATIONS.reduce(
    (changed, { name, marker }) => changed.replaceAll(name, marker),
    expression,
  );
  const selectors: Selector[] = [];
  const groupingLabels: string[] = [];
  const madeLabels: string[] = [];
  parser.parse(text).iterate({
    enter: (cursor) => {
      const { node } = cursor;
      if (node.type.isError) {
        throw new SyntaxError(`no PromQL at "${text.slice(node.from, node.from + 30)}" in ${text}`);
      }
      if (node.name === "VectorSelector") selectors.push(selectorAt(node, text));
      if (node.name === "LabelName" && node.parent?.name === "GroupingLabels") {
        groupingLabels.push(text.slice(node.from, node.to));
      }
      if (node.name === "CountValues") madeLabels.push(firstArgument(node, text));
    },
  });
  return { selectors, groupingLabels, madeLabels };
}

function selectorAt(node: SyntaxNode, text: string): Selector {
  const textOf = (part: SyntaxNode): string => text.slice(part.from, part.to);
  const identifier = node.getChild("Identifier");
  const matchers = (node.getChild("LabelMatchers")?.getChildren("UnquotedLabelMatcher") ?? []).map(
    (matcher) => {
      const [label, operator, value] = ["LabelName", "MatchOp", "StringLiteral"].map((name) => {
        const part = matcher.getChild(name);
        return part === null ? "" : textOf(part);
      });
      return { label: label ?? "", operator: operator ?? "", value: (value ?? "").slice(1, -1) };
    },
  );
  const matrix = node.parent?.name === "MatrixSelector" ? node.parent : undefined;
  const duration = matrix?.getChild("DurationExpr");
  return {
    metric: identifier === null ? "" : textOf(identifier),
    matchers,
    range: duration === null || duration === undefined ? undefined : rangeOf(textOf(duration)),
    function: functionAround(matrix ?? node, text),
  };
}

function rangeOf(duration: string): string {
  return GRAFANA_DURATIONS.find(({ marker }) => marker === duration)?.name ?? duration;
}

/** `@ end()` and parentheses change nothing about whose argument it is. */
function functionAround(node: SyntaxNode, text: string): string | undefined {
  let around = node.parent;
  while (around?.name === "StepInvariantExpr" || around?.name === "ParenExpr") {
    around = around.parent;
  }
  if (around?.name !== "FunctionCallBody") return undefined;
  const name = around.parent?.getChild("FunctionIdentifier");
  return name === null || name === undefined ? undefined : text.slice(name.from, name.to);
}

function firstArgument(node: SyntaxNode, text: string): string {
  const body = node.parent?.parent?.getChild("FunctionCallBody");
  const literal = body?.getChild("StringLiteral");
  if (literal === null || literal === undefined) throw new SyntaxError(`no label in ${text}`);
  return text.slice(literal.from + 1, literal.to - 1);
}
