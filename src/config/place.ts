/** Where a value of the file stands. Offsets are UTF-16 code units from the start of the text. */
export type Place = {
  readonly valueAt: number;
  /** Of the key it hangs on; undefined for the root and for list items. */
  readonly keyAt: number | undefined;
  /** A plain scalar as it was written: `1.10` is the number 1.1, but the text "1.10". */
  readonly source: string | undefined;
  /** True for what could not be read and already has a problem of its own. */
  readonly isUnreadable: boolean;
  /** By key or by index in decimal; undefined for scalars. */
  readonly children: ReadonlyMap<string, Place> | undefined;
};

/** Whether a problem is about the value, its key, or a key that is missing in it. */
export type Aspect = "value" | "key" | "missing";

/** The place at a path, or the nearest one above it. */
export function placeOf(
  root: Place,
  path: readonly PropertyKey[],
): { readonly place: Place; readonly isExact: boolean } {
  let place = root;
  for (const key of path) {
    const child = place.children?.get(String(key));
    if (child === undefined) return { place, isExact: false };
    place = child;
  }
  return { place, isExact: true };
}

/** Where to point for a problem: what is missing is missing from the key above it. */
export function offsetOf(root: Place, path: readonly PropertyKey[], aspect: Aspect): number {
  const { place, isExact } = placeOf(root, path);
  if (aspect === "value" && isExact) return place.valueAt;
  return place.keyAt ?? place.valueAt;
}

/** Whether the path runs into something that could not be read. */
export function isUnreadable(root: Place, path: readonly PropertyKey[]): boolean {
  return placeOf(root, path).place.isUnreadable;
}
