import assert from "node:assert/strict";
import { test } from "node:test";
import { probeTimeout } from "../../src/server/probe-timeout.ts";

const cases = [
  // Asserted by blackbox_exporter's own test: module, header, offset.
  { module: undefined, header: "15", offset: 0.5, want: 14.5 },
  { module: 20, header: "15", offset: 0, want: 15 },
  { module: 5, header: "15", offset: 0.5, want: 5 },
  { module: 10, header: undefined, offset: 0.5, want: 10 },
  { module: 10, header: "10", offset: 0.5, want: 9.5 },
  { module: 9.5, header: undefined, offset: 1, want: 9.5 },
  { module: undefined, header: undefined, offset: 0.5, want: 119.5 },
  // Its rule at the edges.
  { module: undefined, header: "", offset: 0.5, want: 119.5 },
  { module: undefined, header: "0", offset: 0.5, want: 119.5 },
  { module: undefined, header: "0.25", offset: 0.5, want: 0 },
  { module: 5, header: "0.25", offset: 0.5, want: 5 },
  { module: 5, header: "-1", offset: 0.5, want: 5 },
  { module: undefined, header: "0.5", offset: 0.5, want: 0 },
  { module: 10, header: "1e1", offset: 0, want: 10 },
  { module: undefined, header: "+.5e1", offset: 0, want: 5 },
  // Our own bound.
  { module: undefined, header: "1e300", offset: 0.5, want: 3600 },
  { module: undefined, header: "+Inf", offset: 0.5, want: 3600 },
  { module: 7, header: "infinity", offset: 0.5, want: 7 },
] as const;

for (const { module, header, offset, want } of cases) {
  test(`probeTimeout() of module ${module}, header ${header}, offset ${offset} is ${want} s`, () => {
    const timeout = probeTimeout({ header, moduleSeconds: module, offsetSeconds: offset });
    assert.deepEqual(timeout, { kind: "valid", timeoutSeconds: want });
  });
}

const malformed = [
  { header: "ten", detail: 'strconv.ParseFloat: parsing "ten": invalid syntax' },
  { header: "10s", detail: 'strconv.ParseFloat: parsing "10s": invalid syntax' },
  { header: "1 0", detail: 'strconv.ParseFloat: parsing "1 0": invalid syntax' },
  { header: "10,5", detail: 'strconv.ParseFloat: parsing "10,5": invalid syntax' },
  { header: "NaN", detail: 'strconv.ParseFloat: parsing "NaN": invalid syntax' },
  { header: "1e999", detail: 'strconv.ParseFloat: parsing "1e999": value out of range' },
] as const;

for (const { header, detail } of malformed) {
  test(`probeTimeout() refuses the header ${header}`, () => {
    const timeout = probeTimeout({ header, moduleSeconds: 1, offsetSeconds: 0.5 });
    assert.deepEqual(timeout, { kind: "malformed", detail });
  });
}
