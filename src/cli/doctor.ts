import { arch, release, type } from "node:os";
import { parseArgs } from "node:util";
import { diagnoseFamilies, isIcmpPossible } from "../icmp/diagnosis/diagnosis.ts";
import { findingsOf } from "../icmp/diagnosis/findings.ts";
import { readSystemFacts } from "../icmp/diagnosis/read-facts.ts";
import { type SelfTest, type TestedEngine, testEngine } from "../icmp/diagnosis/self-test.ts";
import type { SystemFacts } from "../icmp/diagnosis/system-facts.ts";
import { startEngine } from "../icmp/engine.ts";
import type { Engine } from "../icmp/engine-contract.ts";
import { engineOptions } from "../icmp/options.ts";
import type { AddressFamily } from "../runtime/address.ts";
import { silentLog } from "../runtime/log.ts";
import { packageVersion } from "../runtime/version.ts";
import { type DoctorReport, reportJson, reportText } from "./doctor-report.ts";
import { EXIT, type Terminal } from "./terminal.ts";

const HELP = `Usage: sounder doctor [flags]

Tells which ICMP transport works here, why the better ones do not, and what to do about it. Sockets are opened
and closed again, and echoes are sent to the loopback addresses only.

Flags:
      --json   everything as one JSON object
  -h, --help   show this help

Exit code: 0 ICMP works over every address family this machine has, 1 it does not, 2 wrong use.
`;

/** What the doctor works with; a test hands in its own. */
export type DoctorSurroundings = {
  readonly readFacts: (wantedBufferBytes: number) => Promise<SystemFacts>;
  readonly selfTests: (families: readonly AddressFamily[]) => Promise<readonly SelfTest[]>;
  readonly version: string;
  readonly platform: string;
};

function systemSurroundings(): DoctorSurroundings {
  return {
    readFacts: readSystemFacts,
    selfTests: testByEngine,
    version: packageVersion(),
    platform: `${type()} ${release()} ${arch()}`,
  };
}

/** `sounder doctor`: returns its exit code. */
export async function doctor(
  argv: readonly string[],
  io: Terminal,
  surroundings: DoctorSurroundings = systemSurroundings(),
): Promise<number> {
  let values: { readonly json: boolean; readonly help: boolean };
  try {
    values = readFlags(argv);
  } catch (error) {
    const sentence = error instanceof Error ? error.message : String(error);
    io.stderr(`sounder doctor: ${sentence}\nTry "sounder doctor --help".\n`);
    return EXIT.wrongUse;
  }
  if (values.help) {
    io.stdout(HELP);
    return EXIT.fine;
  }
  const report = await examine(surroundings);
  io.stdout(values.json ? reportJson(report) : reportText(report));
  const isProven = report.selfTests.every(({ result }) => result.kind === "answered");
  return isIcmpPossible(report.families) && isProven ? EXIT.fine : EXIT.failed;
}

function readFlags(argv: readonly string[]) {
  return parseArgs({
    args: [...argv],
    strict: true,
    options: {
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  }).values;
}

async function examine(surroundings: DoctorSurroundings): Promise<DoctorReport> {
  const facts = await surroundings.readFacts(engineOptions.parse({}).receive_buffer);
  const families = diagnoseFamilies(facts);
  const available = families.filter(({ isAvailable }) => isAvailable);
  return {
    version: surroundings.version,
    platform: surroundings.platform,
    userId: facts.process.userId,
    groupIds: facts.process.groupIds,
    families,
    findings: findingsOf(facts),
    selfTests: await surroundings.selfTests(available.map(({ family }) => family)),
  };
}

/** Through an engine as the agent starts it with nothing configured. */
async function testByEngine(families: readonly AddressFamily[]): Promise<readonly SelfTest[]> {
  const engine = await startEngine({
    engine: engineOptions.parse({}),
    log: silentLog,
    onFault: () => {},
  }).catch(brokenEngine);
  try {
    return await testEngine(engine, families);
  } finally {
    await engine.stop();
  }
}

/** Stands in for an engine whose thread does not even start: the doctor is asked just then. */
function brokenEngine(error: unknown): Pick<Engine, keyof TestedEngine | "stop"> {
  const problem = error instanceof Error ? error.message : String(error);
  const refuse = (): Promise<never> => Promise.reject(new Error(problem));
  return { state: "failed", problem, echo: refuse, figures: refuse, stop: async () => {} };
}
