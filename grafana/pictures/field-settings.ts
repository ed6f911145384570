import {
  MappingType,
  type Panel,
  type Threshold,
  type ValueMapping,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { colourNamed } from "./svg.ts";

/** What a panel says of one field: its defaults, then what is said of the field by name. */
export type FieldSettings = {
  readonly unit: string;
  readonly decimals: number | undefined;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly mappings: readonly ValueMapping[];
  readonly thresholds: readonly Threshold[];
  readonly fixedColour: string | undefined;
  readonly custom: Readonly<Record<string, unknown>>;
};

export function settingsOf(panel: Panel, field: string): FieldSettings {
  const { defaults, overrides } = panel.fieldConfig ?? { defaults: {}, overrides: [] };
  const said = new Map<string, unknown>();
  for (const { matcher, properties } of overrides) {
    if (!isMatched(matcher, field)) continue;
    for (const { id, value } of properties) said.set(id, value);
  }
  const either = <T>(id: string, otherwise: T): T =>
    said.has(id) ? (said.get(id) as T) : otherwise;
  const color = either<{ fixedColor?: string } | undefined>("color", defaults.color);
  const custom = Object.fromEntries(
    [...said]
      .filter(([id]) => id.startsWith("custom."))
      .map(([id, value]) => [id.slice("custom.".length), value]),
  );
  return {
    unit: either("unit", defaults.unit ?? "none"),
    decimals: either("decimals", defaults.decimals),
    // `null` takes a default away.
    min: either<number | null | undefined>("min", defaults.min) ?? undefined,
    max: either<number | null | undefined>("max", defaults.max) ?? undefined,
    mappings: either("mappings", defaults.mappings ?? []),
    thresholds: either("thresholds", defaults.thresholds)?.steps ?? [],
    fixedColour: color?.fixedColor === undefined ? undefined : colourNamed(color.fixedColor),
    custom: { ...(defaults.custom as object | undefined), ...custom },
  };
}

function isMatched(matcher: { readonly id: string; readonly options?: unknown }, field: string) {
  const wanted = String(matcher.options);
  if (matcher.id === "byName") return wanted === field;
  return matcher.id === "byRegexp" && new RegExp(wanted).test(field);
}

/** Text and colour that a mapping gives to a value. */
export function mapped(
  value: number | undefined,
  mappings: readonly ValueMapping[],
): { readonly text?: string; readonly color?: string } | undefined {
  for (const mapping of mappings) {
    switch (mapping.type) {
      case MappingType.ValueToText: {
        const result = mapping.options[String(value)];
        if (result !== undefined) return result;
        break;
      }
      case MappingType.RangeToText: {
        const { from, to, result } = mapping.options;
        if (value !== undefined && value >= (from ?? -Infinity) && value <= (to ?? Infinity)) {
          return result;
        }
        break;
      }
      case MappingType.SpecialValue:
        if (value === undefined) return mapping.options.result;
        break;
      case MappingType.RegexToText:
        break;
    }
  }
  return undefined;
}

/** The colour of the last step that a value reaches. */
export function thresholdColour(value: number, steps: readonly Threshold[]): string | undefined {
  const reached = steps.filter((step) => step.value === null || value >= step.value);
  const last = reached.at(-1);
  return last === undefined ? undefined : colourNamed(last.color);
}
