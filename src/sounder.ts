/** What the package offers to programs: reading and checking a configuration file. */
export type { Config } from "./config/config.ts";
export { loadConfig } from "./config/load.ts";
export { parseConfig } from "./config/parse-config.ts";
export { type ConfigProblem, formatProblem, type Parsed } from "./config/problem.ts";
export { packageVersion } from "./runtime/version.ts";
