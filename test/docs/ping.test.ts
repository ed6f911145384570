import assert from "node:assert/strict";
import { test } from "node:test";
import { PING_BOUNDS } from "../../src/batch/settings.ts";
import { PING_HELP } from "../../src/cli/ping-flags.ts";
import { readPage, tablesOf } from "./markdown.ts";

const page = readPage("docs/ping.md");

function rowsOf(firstHeader: string): readonly (readonly string[])[] {
  const found = tablesOf(page).find(({ header }) => header[0] === firstHeader);
  assert.ok(found, `no table of "${firstHeader}"`);
  return found.rows;
}

test("the table of flags names every flag of the help and no other", () => {
  const flags = (text: string): string[] => [...text.matchAll(/--[a-z0-9]+/g)].map(([one]) => one);
  const inHelp = flags(PING_HELP.slice(PING_HELP.indexOf("Flags:")));
  const inTable = rowsOf("flag").flatMap(([cell = ""]) => flags(cell));
  assert.deepEqual(inTable, [...new Set(inHelp)]);
});

for (const [name, { min, max, otherwise }] of Object.entries(PING_BOUNDS)) {
  test(`the table of options tells the default and the bounds of ${name}`, () => {
    const row = rowsOf("option").find(([cell]) => cell === `\`${name}\``);
    assert.equal(row?.[1], `\`${otherwise}\``);
    assert.ok(row?.[2]?.includes(`${min} to ${max}`), row?.[2]);
  });
}
