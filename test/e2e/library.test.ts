import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fencedBlocks, readPage } from "../docs/markdown.ts";
import { packageRoot } from "../support/golden.ts";
import { enterOwnNetwork } from "../support/own-network.ts";
import { MAIN, runProgram } from "./by-hand.ts";

const skip = (await enterOwnNetwork()) ?? false;

/** A program's folder elsewhere, in which this package is installed as npm does it. */
const folder = mkdtempSync(join(tmpdir(), "sounder-library-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const installed = join(folder, "node_modules", "sounder");
mkdirSync(installed, { recursive: true });
copyFileSync(join(packageRoot(), "package.json"), join(installed, "package.json"));
symlinkSync(dirname(dirname(MAIN)), join(installed, "dist"));
writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));

const PROGRAM = `
import { batchPing, type PingResult } from "sounder";

const replies: string[] = [];
const results: PingResult[] = await batchPing(["127.0.0.1", "::1", "127.0.0.1", "300.1.1.1"], {
  count: 2,
  spacingSeconds: 0.05,
  onReply: ({ name, sequence, rttSeconds }) => {
    if (rttSeconds > 0) replies.push(name + " " + sequence);
  },
  signal: AbortSignal.timeout(30_000),
});
const figures = results.map(({ name, sent, received, failure }) => [
  name, sent, received, failure?.reason ?? null,
]);
console.log(JSON.stringify({ replies: replies.length, figures }));
`;

/** The same program without its types: what it would be built to. */
const JAVASCRIPT = PROGRAM.replace(", type PingResult", "").replaceAll(
  /: (?:string|PingResult)\[\] =/g,
  " =",
);

test("a program in another folder imports batchPing and ends by itself when it has its results", {
  skip,
}, async () => {
  writeFileSync(join(folder, "program.js"), JAVASCRIPT);
  const { code, stdout, stderr } = await runProgram([process.execPath, "program.js"], undefined, {
    cwd: folder,
  });
  assert.deepEqual([code, stderr], [0, ""]);
  assert.deepEqual(JSON.parse(stdout), {
    replies: 6,
    figures: [
      ["127.0.0.1", 2, 2, null],
      ["::1", 2, 2, null],
      ["127.0.0.1", 2, 2, null],
      ["300.1.1.1", 0, 0, "dns_bad_name"],
    ],
  });
});

test("its types are enough for a strict TypeScript program and the documentation's example", async () => {
  writeFileSync(join(folder, "program.ts"), PROGRAM);
  const examples = fencedBlocks(readPage("docs/ping.md"), "ts");
  assert.equal(examples.length, 1);
  writeFileSync(join(folder, "example.ts"), examples.join(""));
  const root = packageRoot();
  const compilerOptions = {
    module: "nodenext",
    target: "es2023",
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    types: ["node"],
    typeRoots: [join(root, "node_modules", "@types")],
  };
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions, files: ["program.ts", "example.ts"] }),
  );
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
  const { code, stdout } = await runProgram([process.execPath, compiler, "-p", folder], undefined, {
    cwd: folder,
  });
  assert.deepEqual([code, stdout], [0, ""]);
});
