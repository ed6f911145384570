import { MAX_NAME_CHARACTERS } from "./host-name.ts";

/** One name to ask the servers for, in full. */
export type Candidate = {
  readonly name: string;
  /** Made with a domain of the search list, as opposed to the name as it was given. */
  readonly isSearched: boolean;
};

/** Questions one name may cost; the name as given is always among them. */
const MAX_CANDIDATES = 32;

/**
 * The names to try for a name, in glibc's order: with at least `ndots` dots as it is first, else
 * last; a name with a trailing dot only as it is. Candidates longer than a name may be are left out.
 *
 * @param name Without its trailing dot; `isAbsolute` says that it had one.
 * @see glibc resolv/res_query.c, `__res_context_search`.
 */
export function candidatesFor(
  { name, isAbsolute }: { readonly name: string; readonly isAbsolute: boolean },
  { search, ndots }: { readonly search: readonly string[]; readonly ndots: number },
): readonly Candidate[] {
  const asGiven: Candidate = { name, isSearched: false };
  if (isAbsolute) return [asGiven];

  const searched = search
    .map((domain) => (domain === "." ? name : `${name}.${domain}`))
    .filter((candidate) => candidate.length <= MAX_NAME_CHARACTERS)
    .slice(0, MAX_CANDIDATES - 1)
    .map((candidate) => ({ name: candidate, isSearched: true }));

  const dots = name.split(".").length - 1;
  if (dots >= ndots) return [asGiven, ...searched];
  // The root in the search list has already made the name as it was given.
  return search.includes(".") ? searched : [...searched, asGiven];
}
