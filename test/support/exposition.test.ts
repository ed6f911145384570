import assert from "node:assert/strict";
import { test } from "node:test";
import { parseExposition, samplesOf, sampleValue } from "./exposition.ts";

const HEAD = "# HELP a A.\n# TYPE a gauge\n";
const HISTOGRAM = "# HELP h H.\n# TYPE h histogram\n";

const refused = [
  {
    name: "a family in two places",
    text: `${HEAD}a 1\n# HELP b B.\n# TYPE b gauge\nb 1\n${HEAD}a{x="1"} 1\n`,
  },
  { name: "HELP twice", text: "# HELP a A.\n# HELP a A.\n# TYPE a gauge\na 1\n" },
  { name: "TYPE twice", text: "# HELP a A.\n# TYPE a gauge\n# TYPE a gauge\na 1\n" },
  { name: "TYPE after a sample", text: `${HEAD}a 1\n# TYPE a gauge\n` },
  { name: "a sample without TYPE", text: "# HELP a A.\na 1\n" },
  { name: "a sample without HELP", text: "# TYPE a gauge\na 1\n" },
  { name: "a sample of another family", text: `${HEAD}b 1\n` },
  { name: "a series twice", text: `${HEAD}a{x="1",y="2"} 1\na{y="2",x="1"} 2\n` },
  { name: "a label twice", text: `${HEAD}a{x="1",x="2"} 1\n` },
  { name: "an unknown escape", text: `${HEAD}a{x="\\t"} 1\n` },
  { name: "an open quote", text: `${HEAD}a{x="1} 1\n` },
  { name: "a missing brace", text: `${HEAD}a{x="1" 1\n` },
  { name: "a time stamp", text: `${HEAD}a 1 1700000000000\n` },
  { name: "a value that is none", text: `${HEAD}a undefined\n` },
  { name: "an empty value", text: `${HEAD}a \n` },
  { name: "a comment", text: "# hello\n" },
  { name: "no last newline", text: `${HEAD}a 1` },
  {
    name: "falling buckets",
    text: `${HISTOGRAM}h_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n`,
  },
  {
    name: "falling bounds",
    text: `${HISTOGRAM}h_bucket{le="2"} 1\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n`,
  },
  { name: "no +Inf", text: `${HISTOGRAM}h_bucket{le="1"} 1\nh_sum 1\nh_count 1\n` },
  {
    name: "a count beside the buckets",
    text: `${HISTOGRAM}h_bucket{le="+Inf"} 1\nh_sum 1\nh_count 2\n`,
  },
  { name: "no sum", text: `${HISTOGRAM}h_bucket{le="+Inf"} 1\nh_count 1\n` },
] as const;

for (const { name, text } of refused) {
  test(`parseExposition() refuses ${name}`, () => {
    assert.throws(() => parseExposition(text), Error);
  });
}

test("parseExposition() reads escapes, special values and histograms", () => {
  const families = parseExposition(
    `# HELP a One\\nhelp \\\\ "text".\n# TYPE a gauge\na{x="q\\"b\\\\n\\n"} +Inf\na NaN\n\n${HISTOGRAM}h_bucket{le="0.5"} 1\nh_bucket{le="+Inf"} 3\nh_sum 2.5\nh_count 3\n`,
  );
  assert.equal(families.get("a")?.help, 'One\nhelp \\ "text".');
  assert.equal(sampleValue(families, "a", { x: 'q"b\\n\n' }), Number.POSITIVE_INFINITY);
  assert.equal(samplesOf(families, "a")[1]?.value, Number.NaN);
  assert.equal(sampleValue(families, "h_bucket", { le: "+Inf" }), 3);
  assert.equal(sampleValue(families, "h_count"), 3);
  assert.equal(sampleValue(families, "missing"), undefined);
});
