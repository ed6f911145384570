import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "../../src/config/parse-config.ts";
import { bytesOfText } from "../../src/runtime/binary-text.ts";

const cases = [
  { name: "bytes that are no UTF-8", written: "!!binary AAAACATSFi8=", hex: "0000000804d2162f" },
  {
    name: "base64 over several lines",
    written: "!!binary |\n            AAAA\n            CATSFi8=\n",
    hex: "0000000804d2162f",
  },
  { name: "a text", written: '!!binary "UElORw=="', hex: "50494e47" },
  { name: "nothing", written: '!!binary ""', hex: "" },
] as const;

for (const { name, written, hex } of cases) {
  test(`!!binary of ${name} is what it stands for`, () => {
    const parsed = parseConfig(`
modules:
  postgresql:
    prober: tcp
    tcp:
      query_response:
        - send: ${written}
`);
    assert.deepEqual(parsed.ok ? [] : parsed.problems, []);
    if (!parsed.ok) return;
    const send = parsed.value.modules["postgresql"]?.tcp.query_response[0]?.send;
    assert.equal(bytesOfText(send ?? "").toString("hex"), hex);
  });
}
