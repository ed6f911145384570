import { writeFileSync } from "node:fs";
import { configJsonSchema } from "./json-schema.ts";

// A program of its own, run by hand when the schema of the file has changed; nothing imports it.
const path = process.argv[2] ?? "config.schema.json";
writeFileSync(path, `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
