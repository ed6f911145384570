#!/usr/bin/env -S node --max-semi-space-size=4 --optimize-for-size --liftoff-only
import { EXIT, terminal } from "./cli/terminal.ts";

const HELP = `Sounder measures networks and services all the time and tells Prometheus the truth about them.

Usage: sounder [command] [flags]

Commands:
  run            the agent (default); see "sounder run --help"
  check [FILE]   parse and validate a configuration file
  ping HOST…     echoes to hosts by hand, see "sounder ping --help"
  probe TARGET   one probe by hand, as /probe?debug=true shows it, see "sounder probe --help"
  import         a file of blackbox_exporter or smokeping_prober as a Sounder file, see "sounder import --help"
  doctor         which ICMP transport works here, and the remedy for the others
  healthcheck    whether a running agent measures, see "sounder healthcheck --help"
  version        version of Sounder, Node and platform
`;

/** Each command loads what it needs and no more: a health check every half a minute must not load the agent. */
async function main(argv: readonly string[]): Promise<number> {
  const [command = "run", ...rest] = argv;
  if (command === "--help" || command === "-h" || command === "help") {
    terminal.stdout(HELP);
    return EXIT.fine;
  }
  // Flags alone are flags of `run`, as with the Prometheus family.
  if (command.startsWith("-")) return (await import("./cli/run.ts")).run(argv, terminal);
  switch (command) {
    case "run":
      return (await import("./cli/run.ts")).run(rest, terminal);
    case "check":
      return (await import("./cli/check.ts")).check(rest, terminal);
    case "ping":
      return (await import("./cli/ping.ts")).ping(rest, terminal);
    case "probe":
      return (await import("./cli/probe.ts")).probe(rest, terminal);
    case "import":
      return (await import("./cli/import.ts")).importFrom(rest, terminal);
    case "doctor":
      return (await import("./cli/doctor.ts")).doctor(rest, terminal);
    case "healthcheck":
      return (await import("./cli/healthcheck.ts")).healthcheck(rest, terminal);
    case "version":
      return (await import("./cli/version.ts")).version(terminal);
  }
  terminal.stderr(`sounder: there is no command "${command}"\n\n${HELP}`);
  return EXIT.wrongUse;
}

process.exitCode = await main(process.argv.slice(2));
