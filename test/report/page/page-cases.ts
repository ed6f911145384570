import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProbeOutcome } from "../../../src/probe/prober.ts";
import { probePage } from "../../../src/report/probe-page.ts";
import { parseExposition } from "../../support/exposition.ts";
import { assertGolden } from "../../support/golden.ts";
import { promtoolComplaints, promtoolMissing } from "../../support/promtool.ts";

export type PageCase = { readonly name: string; readonly outcome: ProbeOutcome };

const byText = (a = "", b = ""): number => (a < b ? -1 : 1);

/** Each page is a golden file, in client_golang's order, and promtool has nothing to say of it. */
export function testPages(cases: readonly PageCase[]): void {
  for (const { name, outcome } of cases) {
    const page = probePage(outcome, { timeoutSeconds: 9.5 });

    test(`probePage() of ${name} is its golden file`, () => {
      assertGolden(`test/report/golden/probe-${name}.txt`, page);
    });

    test(`probePage() of ${name} has families by name, and series and labels in order`, () => {
      const families = parseExposition(page);
      assert.deepEqual([...families.keys()], [...families.keys()].toSorted(byText));
      for (const { samples } of families.values()) {
        const names = samples.map(({ labels }) => Object.keys(labels));
        for (const own of names) assert.deepEqual(own, own.toSorted(byText));
        const values = samples.map(({ labels }) => Object.values(labels).join());
        assert.deepEqual(values, values.toSorted(byText));
      }
    });

    test(`promtool finds nothing to say of ${name}`, { skip: promtoolMissing }, () => {
      assert.equal(promtoolComplaints(page), "");
    });
  }
}
