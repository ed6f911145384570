import type { Diagnosis, FamilyDiagnosis, Finding } from "../icmp/diagnosis/diagnosis.ts";
import type { Remedy } from "../icmp/diagnosis/remedies.ts";
import type { SelfTest } from "../icmp/diagnosis/self-test.ts";
import { millisecondsText } from "./ping-table.ts";

/** What `sounder doctor` found out. */
export type DoctorReport = Diagnosis & {
  readonly version: string;
  readonly platform: string;
  readonly userId: number;
  readonly groupIds: readonly number[];
  readonly selfTests: readonly SelfTest[];
};

const MARK = { fine: "OK", note: "—", fault: "FAIL" } as const;
type Grade = keyof typeof MARK;

const FAMILY = { ipv4: "IPv4", ipv6: "IPv6" } as const;
const SUBJECT = { receive_buffer: "buffer", clock_source: "clock", node: "node" } as const;

/** The report as a table for people. */
export function reportText(report: DoctorReport): string {
  const { version, platform, userId, groupIds } = report;
  const sections = [
    [`Sounder ${version} on ${platform}, user ${userId}, groups ${groupIds.join(" ")}`],
    ...report.families.map((family) => familyLines(family, report.selfTests)),
    ["This system", ...report.findings.map((finding) => findingLine(finding))],
    ...remedyLines(report),
  ];
  return `${sections.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function familyLines(family: FamilyDiagnosis, selfTests: readonly SelfTest[]): string[] {
  const title = `ICMP over ${FAMILY[family.family]}`;
  if (!family.isAvailable) {
    return [title, row("note", "none", `no interface has an ${FAMILY[family.family]} address`)];
  }
  const best = family.chosen === undefined ? "no transport works" : `${family.chosen} is best here`;
  const chosenAt = family.transports.findIndex(({ name }) => name === family.chosen);
  return [
    `${title}: ${best}`,
    ...family.transports.map(({ name, works, why }, at) => {
      const isBetter = chosenAt === -1 || at < chosenAt;
      return row(works ? "fine" : isBetter ? "fault" : "note", name, why);
    }),
    ...selfTests.filter((test) => test.family === family.family).map((test) => selfTestLine(test)),
  ];
}

function selfTestLine({ address, result }: SelfTest): string {
  if (result.kind === "failed") return row("fault", "echo", result.why);
  const stamps = result.isKernelStamped
    ? "stamped by the kernel at both ends"
    : "without kernel stamps: the time of this program is in it";
  const said = `${address} answered in ${millisecondsText(result.rttSeconds)} ms by ${result.transport}, ${stamps}`;
  return row(result.isKernelStamped ? "fine" : "note", "echo", said);
}

function findingLine({ subject, grade, says }: Finding): string {
  return row(grade, SUBJECT[subject], says);
}

function row(grade: Grade, subject: string, says: string): string {
  return `  ${MARK[grade].padEnd(4)}  ${subject.padEnd(10)}  ${says.replace(/\p{C}/gu, "?")}`;
}

type Advice = { readonly subject: string; readonly remedies: readonly Remedy[] };

/** For what would be better than what is used; the same advice for both families stands once. */
function remedyLines(report: DoctorReport): string[][] {
  const advice = new Map<string, Advice>();
  const add = (subject: string, remedies: readonly Remedy[]): void => {
    if (remedies.length > 0) {
      advice.set(JSON.stringify([subject, remedies]), { subject, remedies });
    }
  };
  for (const { transports, chosen } of report.families) {
    for (const { name, remedies } of transports) {
      if (name === chosen) break;
      add(name, remedies);
    }
  }
  for (const { subject, remedies } of report.findings) add(SUBJECT[subject], remedies);
  return [...advice.values()].map(({ subject, remedies }) => [
    `Remedy for ${subject}${remedies.length > 1 ? ", any one of these" : ""}`,
    ...remedies.flatMap(({ title, lines }) => [
      `  ${title}:`,
      ...lines.map((line) => `      ${line}`),
    ]),
  ]);
}

/** The report as one JSON object; what there is not is left out. */
export function reportJson({ selfTests, ...report }: DoctorReport): string {
  const families = report.families.map((family) => ({
    ...family,
    echo: selfTests.find((test) => test.family === family.family)?.result,
  }));
  return `${JSON.stringify({ ...report, families }, undefined, 2)}\n`;
}
