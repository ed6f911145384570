import assert from "node:assert/strict";
import { test } from "node:test";
import { configFile } from "../../src/config/file.ts";
import { configJsonSchema } from "../../src/config/json-schema.ts";
import { NOT_YET_KEYS } from "../../src/config/not-yet.ts";
import { parseConfig } from "../../src/config/parse-config.ts";
import { parseBytes, parseDuration } from "../../src/runtime/units.ts";
import { fencedBlocks, readPage, type Table, tablesOf } from "./markdown.ts";

const PAGE = "docs/configuration.md";
const page = readPage(PAGE);

/** What the tables of keys are about: a title of the page, and where its block is in a file. */
const BLOCKS: readonly { readonly title: string; readonly path: readonly string[] }[] = [
  { title: "modules", path: ["modules", "*"] },
  { title: "icmp of a module", path: ["modules", "*", "icmp"] },
  { title: "http of a module", path: ["modules", "*", "http"] },
  { title: "Header rules", path: ["modules", "*", "http", "fail_if_header_matches", "*"] },
  { title: "http_headers", path: ["modules", "*", "http", "http_headers", "*"] },
  { title: "basic_auth", path: ["modules", "*", "http", "basic_auth"] },
  { title: "authorization", path: ["modules", "*", "http", "authorization"] },
  { title: "oauth2", path: ["modules", "*", "http", "oauth2"] },
  { title: "tls_config", path: ["modules", "*", "http", "tls_config"] },
  { title: "grpc of a module", path: ["modules", "*", "grpc"] },
  { title: "websocket of a module", path: ["modules", "*", "websocket"] },
  { title: "http_config", path: ["modules", "*", "websocket", "http_config"] },
  { title: "Headers of websocket", path: ["modules", "*", "websocket", "headers", "*"] },
  { title: "Steps of websocket", path: ["modules", "*", "websocket", "query_response", "*"] },
  { title: "dns of a module", path: ["modules", "*", "dns"] },
  { title: "tls_config", path: ["modules", "*", "dns", "tls_config"] },
  { title: "Record rules", path: ["modules", "*", "dns", "validate_answer_rrs"] },
  { title: "Record rules", path: ["modules", "*", "dns", "validate_authority_rrs"] },
  { title: "Record rules", path: ["modules", "*", "dns", "validate_additional_rrs"] },
  { title: "tcp of a module", path: ["modules", "*", "tcp"] },
  { title: "Steps of a dialogue", path: ["modules", "*", "tcp", "query_response", "*"] },
  {
    title: "Labels of a step",
    path: ["modules", "*", "tcp", "query_response", "*", "labels", "*"],
  },
  { title: "unix of a module", path: ["modules", "*", "unix"] },
  { title: "Steps of a dialogue", path: ["modules", "*", "unix", "query_response", "*"] },
  { title: "defaults", path: ["defaults"] },
  { title: "groups", path: ["groups", "*"] },
  { title: "echoes", path: ["groups", "*", "echoes"] },
  { title: "targets", path: ["groups", "*", "targets", "*"] },
  { title: "icmp", path: ["icmp"] },
  { title: "resolver", path: ["resolver"] },
  { title: "probers", path: ["probers"] },
  { title: "probe", path: ["probe"] },
  { title: "Rules of allow", path: ["probe", "allow", "*"] },
];

type Schema = {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
};

const schema: Schema = configJsonSchema();

/** Every block is there in one of them, so that what the code puts in by itself can be read. */
const filled: readonly unknown[] = [
  { basic_auth: {} },
  { authorization: {} },
  { oauth2: { client_id: "a", token_url: "https://a.example/" } },
].map((http) =>
  configFile.parse({
    modules: {
      m: {
        prober: "http",
        websocket: { headers: { A: {} }, query_response: [{}] },
        http: { ...http, fail_if_header_matches: [{ header: "A", regexp: "b" }] },
        dns: { query_name: "a" },
        tcp: { query_response: [{}] },
        unix: { query_response: [{}] },
      },
    },
    groups: [{ name: "g", modules: ["m"], echoes: { count: 1 }, targets: [{ target: "a" }] }],
  }),
);

function schemaAt(path: readonly string[]): Schema {
  let at: Schema = schema;
  for (const step of path) {
    const mapping =
      typeof at.additionalProperties === "object" ? at.additionalProperties : at.items;
    const next = step === "*" ? mapping : at.properties?.[step];
    assert.ok(next, `${path.join(".")} is not in the schema`);
    at = next;
  }
  return at.anyOf?.find(({ properties }) => properties !== undefined) ?? at;
}

/** The value that the code filled in; the first entry of a list or mapping stands for all. */
function filledAt(path: readonly string[]): unknown {
  const values = filled.map((file) =>
    path.reduce<unknown>((at, step) => {
      if (typeof at !== "object" || at === null) return undefined;
      return step === "*" ? Object.values(at)[0] : Reflect.get(at, step);
    }, file),
  );
  return values.find((value) => value !== undefined);
}

/** Whether a key holds a block, or a list of them, with a table of its own; `tls_config` has one for all probers. */
function hasOwnTable(path: readonly string[]): boolean {
  if (path.at(-1) === "tls_config") return true;
  return BLOCKS.some((block) => path.every((step, at) => block.path[at] === step));
}

function tableOf(title: string): Table {
  const found = tablesOf(page).filter(
    (table) => table.title === title && table.header[0] === "key",
  );
  const [table] = found;
  assert.ok(table !== undefined && found.length === 1, `${found.length} tables of "${title}"`);
  return table;
}

const bare = (cell: string): string => cell.replaceAll("`", "");

function isValueOf(cell: string, value: unknown): boolean {
  const text = bare(cell);
  if (text === "–") {
    return value === undefined || value === "" || Object.keys(Object(value)).length === 0;
  }
  if (Array.isArray(value)) return text === `[${value.join(", ")}]`;
  if (typeof value !== "number") return text === String(value);
  return [Number(text), parseDuration(text), parseBytes(text)].includes(value);
}

test("every block of the file has a heading", () => {
  const blocks = new Set(BLOCKS.map(({ path: [block = ""] }) => block));
  assert.deepEqual([...blocks].sort(), Object.keys(schema.properties ?? {}).sort());
});

for (const { title, path } of BLOCKS) {
  const { properties = {}, required = [] } = schemaAt(path);
  test(`the table of "${title}" names every key that the code accepts and no other`, () => {
    const named = tableOf(title).rows.map(([key = ""]) => bare(key));
    assert.deepEqual([...named].sort(), Object.keys(properties).sort());
  });

  for (const [key, { minimum, maximum }] of Object.entries(properties)) {
    test(`the table of "${title}" tells the truth about ${key}`, () => {
      const row = tableOf(title).rows.find(([first = ""]) => bare(first) === key) ?? [];
      const [, , byDefault = "", meaning = ""] = row;
      const keyPath = [...path, key];
      const value = filledAt(keyPath);
      if (required.includes(key)) assert.equal(byDefault, "required");
      else if (!hasOwnTable(keyPath)) {
        assert.ok(isValueOf(byDefault, value), `${byDefault} is not ${JSON.stringify(value)}`);
      }
      if (minimum === undefined || maximum === undefined) return;
      assert.match(meaning, new RegExp(`\\b${minimum} to ${maximum}\\b`));
    });
  }
}

test("everything that is not supported yet is listed as such", () => {
  const [table] = tablesOf(page).filter(({ title }) => title === "Not supported yet");
  const text = (table?.rows ?? []).flat().join("\n");
  const all = Object.values(NOT_YET_KEYS).flat();
  assert.deepEqual(
    all.filter((name) => !text.includes(`\`${name}\``)),
    [],
  );
});

for (const { path, name } of [
  { path: PAGE, name: "" },
  { path: "README.md", name: "groups" },
]) {
  const files = fencedBlocks(readPage(path), "yaml").filter((text) =>
    name === "" ? true : text.includes(`\n${name}:`),
  );
  for (const [index, text] of files.entries()) {
    test(`file ${index + 1} of ${path} is a valid configuration`, () => {
      process.env["LOGIN_PASSWORD"] = "secret";
      const parsed = parseConfig(text);
      assert.deepEqual(parsed.ok ? [] : parsed.problems, []);
    });
  }
  test(`${path} has a configuration to look at`, () => {
    assert.ok(files.length > 0);
  });
}
