/** An unsigned 64-bit integer of CEL. */
export class Unsigned {
  readonly value: bigint;

  constructor(value: bigint) {
    this.value = value;
  }
}

/** A moment, in nanoseconds since 1970. */
export class Timestamp {
  readonly nanoseconds: bigint;

  constructor(nanoseconds: bigint) {
    this.nanoseconds = nanoseconds;
  }
}

/** A span of time, in nanoseconds. */
export class Duration {
  readonly nanoseconds: bigint;

  constructor(nanoseconds: bigint) {
    this.nanoseconds = nanoseconds;
  }
}

export const TYPE_NAMES = [
  "bool",
  "bytes",
  "double",
  "google.protobuf.Duration",
  "google.protobuf.Timestamp",
  "int",
  "list",
  "map",
  "null_type",
  "string",
  "type",
  "uint",
] as const;
export type TypeName = (typeof TYPE_NAMES)[number];

/** A type as a value: what `type(body)` gives. */
export class Type {
  readonly name: TypeName;

  constructor(name: TypeName) {
    this.name = name;
  }
}

/** Keys of a map; whole numbers of any type are one key, written as bigint. */
export type MapKey = string | bigint | boolean;

/** A mapping of the JSON body. `JSON.parse` makes every key its own, `__proto__` too. */
export interface JsonObject {
  readonly [key: string]: CelValue;
}

/** A value of CEL: `number` is double, `bigint` is int. Numbers of JSON are doubles, as in Go. */
export type CelValue =
  | null
  | boolean
  | string
  | number
  | bigint
  | Uint8Array
  | Unsigned
  | Timestamp
  | Duration
  | Type
  | readonly CelValue[]
  | ReadonlyMap<MapKey, CelValue>
  | JsonObject;

/** An error of CEL: a value until it is the result, because `false && error` is false. */
export class CelError {
  readonly message: string;
  /** Whether the types of the operands leave no way to go on, whatever their values. */
  readonly isOfTypes: boolean;

  constructor(message: string, isOfTypes = false) {
    this.message = message;
    this.isOfTypes = isOfTypes;
  }
}

export type Result = CelValue | CelError;

export function isList(value: CelValue): value is readonly CelValue[] {
  return Array.isArray(value);
}

export function isMap(value: CelValue): value is ReadonlyMap<MapKey, CelValue> {
  return value instanceof Map;
}

export function isJsonObject(value: CelValue): value is JsonObject {
  return typeName(value) === "map" && !isMap(value);
}

export function typeName(value: CelValue): TypeName {
  if (typeof value === "string") return "string";
  if (typeof value === "number") return "double";
  if (typeof value === "bigint") return "int";
  if (typeof value === "boolean") return "bool";
  if (value === null) return "null_type";
  if (isList(value)) return "list";
  if (value instanceof Uint8Array) return "bytes";
  if (value instanceof Unsigned) return "uint";
  if (value instanceof Timestamp) return "google.protobuf.Timestamp";
  if (value instanceof Duration) return "google.protobuf.Duration";
  if (value instanceof Type) return "type";
  return "map";
}

/** Of a value that may be a key: the one form of it that a map holds. */
export function mapKey(value: CelValue): MapKey | undefined {
  if (typeof value === "string" || typeof value === "bigint" || typeof value === "boolean") {
    return value;
  }
  if (typeof value === "number") return Number.isInteger(value) ? BigInt(value) : undefined;
  return value instanceof Unsigned ? value.value : undefined;
}

/** The value of a key; undefined when it is not there, or when the value is no map. */
export function entryOf(map: CelValue, key: CelValue): CelValue | undefined {
  if (isMap(map)) {
    const known = mapKey(key);
    return known === undefined ? undefined : map.get(known);
  }
  if (typeof key !== "string" || !isJsonObject(map)) return undefined;
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

export function keysOf(map: ReadonlyMap<MapKey, CelValue> | JsonObject): readonly MapKey[] {
  return map instanceof Map ? [...map.keys()] : Object.keys(map);
}

/** What is said of operands that an operation does not take. */
export function noOverload(name: string, args: readonly CelValue[]): CelError {
  const operator = /^_\W+_$|^_\[_\]$|^\W_$|^_in_$/.test(name) ? name.replaceAll("_", "") : name;
  return new CelError(
    `${operator} does not take ${args.map((arg) => typeName(arg)).join(", ") || "nothing"}`,
    true,
  );
}
