import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { packageRoot } from "../support/golden.ts";
import { anchorsOf, localLinks, readPage } from "./markdown.ts";

const pages = [
  "README.md",
  ...readdirSync(join(packageRoot(), "docs"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".md"))
    .map((path) => join("docs", path)),
];

for (const page of pages) {
  test(`${page} links to nothing that is not there`, () => {
    const broken = localLinks(readPage(page)).filter((link) => !isThere(page, link));
    assert.deepEqual(broken, []);
  });
}

function isThere(page: string, link: string): boolean {
  const [path = "", anchor] = link.split("#", 2);
  const file = path === "" ? page : join(dirname(page), path);
  if (!existsSync(join(packageRoot(), file))) return false;
  return anchor === undefined || anchorsOf(readPage(file)).has(anchor);
}
