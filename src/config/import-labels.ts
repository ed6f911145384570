import { labelNameProblem } from "../target/labels.ts";
import type { DraftGroup } from "./import-texts.ts";

/**
 * The labels a target may have here. Every other is told.
 *
 * @param options.silent A label that is taken in another way, and need not be told of.
 */
export function keptLabels(
  labels: Readonly<Record<string, string>>,
  options: {
    readonly note: (sentence: string) => void;
    readonly silent: string | undefined;
  },
): Readonly<Record<string, string>> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(labels)) {
    const problem = labelNameProblem(name);
    if (problem === undefined) kept[name] = value;
    else if (name !== options.silent && name !== "__param_module") {
      options.note(`a label: ${problem}`);
    }
  }
  return kept;
}

/** A group for each module; the labels that all its targets share are the group's. */
export function groupedByModule(
  name: string,
  entries: readonly {
    readonly module: string;
    readonly target: string;
    readonly labels: Readonly<Record<string, string>>;
  }[],
  interval: string,
): readonly DraftGroup[] {
  const modules = [...new Set(entries.map(({ module }) => module))];
  return modules.map((module) => {
    const own = entries.filter((entry) => entry.module === module);
    const shared = sharedLabels(own.map(({ labels }) => labels));
    return {
      name: modules.length === 1 ? name : `${name}-${module}`,
      modules: [module],
      interval,
      labels: shared,
      targets: own.map(({ target, labels }) => ({
        target,
        labels: Object.fromEntries(
          Object.entries(labels).filter(([label]) => !Object.hasOwn(shared, label)),
        ),
      })),
    };
  });
}

function sharedLabels(
  all: readonly Readonly<Record<string, string>>[],
): Readonly<Record<string, string>> {
  const [first = {}, ...rest] = all;
  return Object.fromEntries(
    Object.entries(first).filter(([name, value]) =>
      rest.every((labels) => Object.hasOwn(labels, name) && labels[name] === value),
    ),
  );
}
