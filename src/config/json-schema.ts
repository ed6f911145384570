import * as z from "zod";
import { configFile } from "./file.ts";

/**
 * The JSON Schema of the file as it is written, for editors. Draft 7, which their YAML plug-ins know.
 * It knows less than `sounder check`: neither what holds between parts nor what is not supported yet.
 */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(configFile, {
    io: "input",
    target: "draft-7",
    override: ({ zodSchema, jsonSchema }) => {
      // Labels, headers and their like are read as the text they are written as (`as-go-reads.ts`).
      if (zodSchema instanceof z.ZodRecord && zodSchema.valueType instanceof z.ZodString) {
        jsonSchema.additionalProperties = { type: ["string", "number", "boolean", "null"] };
      }
      if (zodSchema instanceof z.ZodUnion && zodSchema.options[0] instanceof z.ZodBoolean) {
        // Every spelling of `flag` would drown the two that an editor should offer.
        delete jsonSchema.anyOf;
        jsonSchema.enum = [true, false, "yes", "no", "on", "off"];
      }
    },
  });
  return {
    ...schema,
    title: "Sounder configuration",
    description: "The file sounder.yml. `sounder check` says more about it than this schema can.",
  };
}
