/**
 * A copy of `value` that notes what is read of it, and afterwards tells the keys nobody asked for.
 *
 * The packages' validators know every field of an object by name, and say nothing of fields they do not know, as a
 * misspelled one. Whatever such a validator never read is no field of the object. A map that it did not look into at
 * all takes any key.
 */
export function noteReads<T>(value: T): { readonly noted: T; readonly unread: () => string[] } {
  const unreadOf: (() => string[])[] = [];
  const note = (given: unknown, path: string): unknown => {
    if (typeof given !== "object" || given === null) return given;
    if (Array.isArray(given)) return given.map((element, at) => note(element, `${path}[${at}]`));
    const entries = Object.entries(given).map(
      ([key, inner]) => [key, note(inner, `${path}.${key}`)] as const,
    );
    const read = new Set<PropertyKey>();
    unreadOf.push(() =>
      read.size === 0
        ? []
        : entries.filter(([key]) => !read.has(key)).map(([key]) => `${path}.${key}`),
    );
    return new Proxy(Object.fromEntries(entries), {
      get: (target, key, receiver): unknown => {
        read.add(key);
        return Reflect.get(target, key, receiver);
      },
      // Only maps of anything are walked through key by key.
      ownKeys: (target) => {
        for (const key of Reflect.ownKeys(target)) read.add(key);
        return Reflect.ownKeys(target);
      },
    });
  };
  const noted = note(value, "") as T;
  return { noted, unread: () => unreadOf.flatMap((tell) => tell()) };
}
