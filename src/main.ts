#!/usr/bin/env -S node --max-semi-space-size=4 --liftoff-only
import { check } from "./cli/check.ts";
import { doctor } from "./cli/doctor.ts";
import { importFrom } from "./cli/import.ts";
import { ping } from "./cli/ping.ts";
import { probe } from "./cli/probe.ts";
import { run } from "./cli/run.ts";
import { EXIT, terminal } from "./cli/terminal.ts";
import { version } from "./cli/version.ts";

const HELP = `Sounder measures networks and services all the time and tells Prometheus the truth about them.

Usage: sounder [command] [flags]

Commands:
  run            the agent (default); see "sounder run --help"
  check [FILE]   parse and validate a configuration file
  ping HOST…     echoes to hosts by hand, see "sounder ping --help"
  probe TARGET   one probe by hand, as /probe?debug=true shows it, see "sounder probe --help"
  import         a file of blackbox_exporter or smokeping_prober as a Sounder file, see "sounder import --help"
  doctor         which ICMP transport works here, and the remedy for the others
  version        version of Sounder, Node and platform
`;

async function main(argv: readonly string[]): Promise<number> {
  const [command = "run", ...rest] = argv;
  if (command === "--help" || command === "-h" || command === "help") {
    terminal.stdout(HELP);
    return EXIT.fine;
  }
  // Flags alone are flags of `run`, as with the Prometheus family.
  if (command.startsWith("-")) return run(argv, terminal);
  switch (command) {
    case "run":
      return run(rest, terminal);
    case "check":
      return check(rest, terminal);
    case "ping":
      return ping(rest, terminal);
    case "probe":
      return probe(rest, terminal);
    case "import":
      return importFrom(rest, terminal);
    case "doctor":
      return doctor(rest, terminal);
    case "version":
      return version(terminal);
  }
  terminal.stderr(`sounder: there is no command "${command}"\n\n${HELP}`);
  return EXIT.wrongUse;
}

process.exitCode = await main(process.argv.slice(2));
