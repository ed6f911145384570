/** What the package offers to programs: echoes by hand, and reading and checking a configuration file. */
export { batchPing } from "./batch/batch-ping.ts";
export type {
  PingEcho,
  PingFailure,
  PingOptions,
  PingReply,
  PingResult,
  PingStatistics,
} from "./batch/ping.ts";
export { IcmpUnavailableError } from "./batch/session.ts";
export type { Config } from "./config/config.ts";
export { loadConfig } from "./config/load.ts";
export { parseConfig } from "./config/parse-config.ts";
export { type ConfigProblem, formatProblem, type Parsed } from "./config/problem.ts";
export type { AgentFault, EchoOutcome, LossExplanation, LossReason } from "./icmp/echo.ts";
export type { AddressFamily } from "./runtime/address.ts";
export { packageVersion } from "./runtime/version.ts";
