/**
 * Values as a template sees them: what YAML gives (numbers are Go's float64), integers of the template itself and of
 * `int64` (bigint, Go's int), and objects of Helm whose methods are functions.
 */
export type Value = unknown;

export function isMap(value: Value): value is Readonly<Record<string, Value>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Go's truth: false, 0, nil, and whatever has no elements are false. */
export function isTrue(value: Value): boolean {
  if (value === null || value === undefined) return false;
  if (Array.isArray(value)) return value.length > 0;
  if (isMap(value)) return Object.keys(value).length > 0;
  return value !== false && value !== "" && value !== 0 && value !== 0n;
}

/** From here on Go prints a float64 as 1e+06: what a chart prints must go through `int64`. */
const FLOAT_PRINTED_WITH_EXPONENT = 1e6;

/**
 * As Go's `%v` prints it.
 *
 * @throws {Error} for what no chart wants in its output: nothing, maps, lists, and floats that Go prints with an exponent.
 */
export function printed(value: Value): string {
  switch (typeof value) {
    case "string":
      return value;
    case "boolean":
    case "bigint":
      return String(value);
    case "number":
      if (Math.abs(value) >= FLOAT_PRINTED_WITH_EXPONENT) {
        throw new Error(`${value} would be printed with an exponent: write int64 before it`);
      }
      return String(value);
    case "undefined":
      throw new Error("nothing is printed: the value is not set");
    case "object":
    case "function":
    case "symbol":
      throw new Error("a map, a list or nothing is printed: write toYaml");
  }
}

/** Go's name of the kind, for the kinds there are here. */
export function kindOf(value: Value): string {
  if (value === null || value === undefined) return "invalid";
  if (Array.isArray(value)) return "slice";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return "float64";
  if (typeof value === "bigint") return "int";
  if (typeof value === "function") return "func";
  return typeof value === "object" ? "map" : typeof value;
}
