import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Ajv, type ValidateFunction } from "ajv";
import { packageRoot } from "../support/golden.ts";
import { panelsOf, SHIPPED } from "./expressions.ts";

const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });

/** The schemas name no identity of their own; each is known by its file. */
function schema(name: string): { readonly definitions: Readonly<Record<string, object>> } {
  // The schema of the panel `state-timeline` is `statetimeline`.
  const file = `test/grafana/golden/schema/${name.replace("-", "")}.jsonschema.json`;
  return JSON.parse(readFileSync(join(packageRoot(), file), "utf8"));
}

function validatorOf(name: string, definition: string): ValidateFunction | undefined {
  const { definitions } = schema(name);
  if (definitions[definition] === undefined) return undefined;
  return ajv.compile({ $ref: `#/definitions/${definition}`, definitions });
}

function assertValid(validate: ValidateFunction, value: unknown): void {
  const isValid = validate(value);
  const problems = (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
  assert.ok(isValid, problems.join("\n"));
}

/**
 * What the SDK's own types call `any` its schemas call an object; the options of a matcher by name are a text, in Grafana as
 * in the SDK's builders. There anything goes.
 */
const ANYTHING = [
  ["MatcherConfig", "options"],
  ["DynamicConfigValue", "value"],
] as const;

function dashboardSchemaOf(): object {
  const whole = structuredClone(schema("dashboard"));
  for (const [definition, name] of ANYTHING) {
    const { properties } = (whole.definitions[definition] ?? {}) as {
      properties?: Record<string, object>;
    };
    assert.ok(properties?.[name] !== undefined, `the schema has no ${definition}.${name}`);
    properties[name] = {};
  }
  return whole;
}

const dashboardSchema = ajv.compile(dashboardSchemaOf());
const querySchema = ajv.compile(schema("prometheus"));
const kinds = new Set(SHIPPED.flatMap((shipped) => panelsOf(shipped).map(({ type }) => type)));
const ofKind = new Map(
  [...kinds].map((kind) => [
    kind,
    {
      options: validatorOf(kind, "Options"),
      // Kinds without settings of a field have no such definition.
      field: validatorOf(kind, "FieldConfig"),
    },
  ]),
);

for (const shipped of SHIPPED) {
  test(`${shipped.uid} is valid by the SDK's schema of a dashboard`, () => {
    assertValid(dashboardSchema, shipped);
  });

  test(`panels of ${shipped.uid} are valid by the schema of their kind`, () => {
    for (const panel of panelsOf(shipped)) {
      const { options, field } = ofKind.get(panel.type) ?? {};
      assert.ok(options !== undefined, panel.type);
      assertValid(options, panel.options);
      if (field !== undefined) assertValid(field, panel.fieldConfig?.defaults.custom);
      for (const target of panel.targets ?? []) assertValid(querySchema, target);
    }
  });
}
