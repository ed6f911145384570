import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { test } from "node:test";

/** Which rooms each room may import. Reading this table is reading the architecture. */
const MAY_IMPORT: ReadonlyMap<string, readonly string[]> = new Map([
  ["runtime", []],
  ["metrics", []],
  ["target", ["runtime"]],
  ["resolve", ["runtime", "target"]],
  ["policy", ["runtime", "target"]],
  ["icmp", ["runtime", "metrics"]],
  ["schedule", ["runtime", "target"]],
  ["probe", ["runtime", "target", "resolve", "policy", "icmp", "schedule"]],
  ["report", ["runtime", "target", "icmp", "probe", "metrics"]],
  // Every room that owns options.
  ["config", ["runtime", "target", "resolve", "policy", "icmp", "probe"]],
  ["server", ["runtime", "target", "policy", "probe", "metrics", "report", "config"]],
]);

/** Rooms that may import any other. Nobody imports them but one another, and the entries. */
const ROOFS: readonly string[] = ["agent", "batch", "cli"];

/** The engine takes bucket bounds and the bucket of a value from `metrics`, and nothing else. */
const ICMP_MAY_TAKE_FROM_METRICS = "metrics/histogram.ts";

type Import = { readonly from: string; readonly to: string };

const roomOf = (path: string): string => {
  const [first = "", rest] = relative("src", path).split(sep, 2);
  return rest === undefined ? first.replace(/\.ts$/, "") : first;
};

function importsOf(file: string): Import[] {
  const imports = readFileSync(file, "utf8").matchAll(/(?:from|import\() ?"(\.{1,2}\/[^"]+)"/g);
  return [...imports].map(([, path = ""]) => ({ from: file, to: join(dirname(file), path) }));
}

const sources = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => join("src", path));

for (const file of sources.filter((path) => MAY_IMPORT.has(roomOf(path)))) {
  test(`${file} imports only its own room and the rooms below it`, () => {
    const allowed = new Set([roomOf(file), ...(MAY_IMPORT.get(roomOf(file)) ?? [])]);
    assert.deepEqual(
      importsOf(file).filter(({ to }) => !allowed.has(roomOf(to))),
      [],
    );
  });
}

test("every file of src is in a room of the table, or a roof, or an entry", () => {
  const known = new Set([...MAY_IMPORT.keys(), ...ROOFS, "main", "sounder"]);
  assert.deepEqual(
    sources.filter((file) => !known.has(roomOf(file))),
    [],
  );
});

test("nobody imports an entry or a roof but the entries and roofs themselves", () => {
  const above = new Set([...ROOFS, "main", "sounder"]);
  const wrong = sources
    .flatMap(importsOf)
    .filter(({ from, to }) => above.has(roomOf(to)) && !above.has(roomOf(from)));
  assert.deepEqual(wrong, []);
});

test("echoes by hand know nothing of the agent and of the command line", () => {
  const wrong = sources
    .filter((file) => roomOf(file) === "batch")
    .flatMap(importsOf)
    .filter(({ to }) => ["agent", "cli", "main", "sounder"].includes(roomOf(to)));
  assert.deepEqual(wrong, []);
});

test("the engine takes bucket bounds from metrics and nothing else", () => {
  const taken = sources
    .filter((file) => roomOf(file) === "icmp")
    .flatMap(importsOf)
    .filter(({ to }) => roomOf(to) === "metrics" && !to.endsWith(ICMP_MAY_TAKE_FROM_METRICS));
  assert.deepEqual(taken, []);
});

/** Folders of the engine and which of them each may import, besides the files that stand before all of them. */
const ICMP_FOLDERS: ReadonlyMap<string, readonly string[]> = new Map([
  ["transport/kernel", ["transport"]],
  // The constants of Linux stand in one place.
  ["transport/raw-socket", ["transport", "transport/kernel"]],
  ["transport/ping", ["transport"]],
  ["transport", ["transport/kernel"]],
  ["loop", ["transport"]],
  ["diagnosis", ["transport", "transport/kernel", "transport/raw-socket"]],
  [
    "engine",
    [
      "loop",
      "diagnosis",
      "transport",
      "transport/kernel",
      "transport/raw-socket",
      "transport/ping",
    ],
  ],
]);

const icmpFolderOf = (path: string): string => dirname(relative(join("src", "icmp"), path));

for (const [folder, others] of ICMP_FOLDERS) {
  test(`src/icmp/${folder} imports only what lies below it in the engine`, () => {
    const files = sources.filter(
      (file) => roomOf(file) === "icmp" && icmpFolderOf(file) === join(...folder.split("/")),
    );
    assert.ok(files.length > 0);
    const allowed = new Set([folder, ".", ...others]);
    const wrong = files
      .flatMap(importsOf)
      .filter(({ to }) => roomOf(to) === "icmp" && !allowed.has(icmpFolderOf(to)));
    assert.deepEqual(wrong, []);
  });
}

test("the files before the engine's folders import none of them, but for the one that starts it", () => {
  const wrong = sources
    .filter((file) => roomOf(file) === "icmp" && icmpFolderOf(file) === ".")
    .filter((file) => !file.endsWith(join("icmp", "engine.ts")))
    .flatMap(importsOf)
    .filter(({ to }) => roomOf(to) === "icmp" && icmpFolderOf(to) !== ".");
  assert.deepEqual(wrong, []);
});

/** Folders of the probe room and which of them each may import, besides the files that stand before all of them. */
const PROBE_FOLDERS: ReadonlyMap<string, readonly string[]> = new Map([
  ["cel", []],
  ["tls", []],
  ["http2", []],
  ["icmp", []],
  ["dialogue", ["tls"]],
  ["tcp", ["dialogue", "tls"]],
  ["unix", ["dialogue", "tls"]],
  ["dns", ["tls"]],
  ["grpc", ["http2", "tls"]],
  ["http", ["cel", "dialogue", "http2", "tls"]],
  // Its handshake is a request of HTTP, its messages a dialogue.
  ["websocket", ["dialogue", "http", "tls"]],
  ["worker", ["cel", "http", "tls"]],
]);

/** The files that put the probers together: their options, their table, and the tools they share. */
const PROBE_TABLES: readonly string[] = ["module.ts", "table.ts", "probe-request.ts"];

const probeFolderOf = (path: string): string => dirname(relative(join("src", "probe"), path));
const probeFiles = sources.filter((file) => roomOf(file) === "probe");

test("every folder of the probe room is in the table", () => {
  const folders = new Set(probeFiles.map(probeFolderOf));
  folders.delete(".");
  assert.deepEqual([...folders].sort(), [...PROBE_FOLDERS.keys()].sort());
});

for (const [folder, others] of PROBE_FOLDERS) {
  test(`src/probe/${folder} imports only what lies below it`, () => {
    const allowed = new Set([folder, ".", ...others]);
    const wrong = probeFiles
      .filter((file) => probeFolderOf(file) === folder)
      .flatMap(importsOf)
      .filter(({ to }) => roomOf(to) === "probe" && !allowed.has(probeFolderOf(to)));
    assert.deepEqual(wrong, []);
  });
}

test("the files before the probers know no prober, but for those that put them together", () => {
  const wrong = probeFiles
    .filter((file) => probeFolderOf(file) === ".")
    .filter((file) => !PROBE_TABLES.some((table) => file.endsWith(join("probe", table))))
    .flatMap(importsOf)
    .filter(({ to }) => roomOf(to) === "probe" && ![".", "tls"].includes(probeFolderOf(to)));
  assert.deepEqual(wrong, []);
});
