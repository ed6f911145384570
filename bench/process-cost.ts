import { readFileSync } from "node:fs";

/**
 * USER_HZ, the unit of times in /proc, is 100 on every Linux that runs Node (`getconf CLK_TCK`). The kernel scales
 * these figures to the scheduler's exact run time, so a figure is cut to 10 ms, not sampled.
 */
const TICKS_PER_SECOND = 100;

/** Fields of /proc/PID/stat after the program's name, which may itself hold spaces and brackets (proc_pid_stat(5)). */
const FIELD = { userTicks: 11, systemTicks: 12, childrenUserTicks: 13, childrenSystemTicks: 14 };

/** CPU that a process has used in user and kernel mode, all of its threads together, those that ended as well. */
export function cpuSecondsOf(processId: number): number {
  const fields = statFieldsOf(String(processId));
  return (field(fields, FIELD.userTicks) + field(fields, FIELD.systemTicks)) / TICKS_PER_SECOND;
}

/**
 * CPU of every child that this process started and that has ended. The difference of two readings is the cost of the
 * children that ended in between, from their first instruction to their last.
 */
export function endedChildrenCpuSeconds(): number {
  const fields = statFieldsOf("self");
  const ticks = field(fields, FIELD.childrenUserTicks) + field(fields, FIELD.childrenSystemTicks);
  return ticks / TICKS_PER_SECOND;
}

/** Highest resident memory of a process so far (VmHWM of proc_pid_status(5)); undefined once it has ended. */
export function peakBytesOf(processId: number): number | undefined {
  let status: string;
  try {
    status = readFileSync(`/proc/${processId}/status`, "utf8");
  } catch {
    return undefined;
  }
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

function statFieldsOf(process: string): readonly string[] {
  const stat = readFileSync(`/proc/${process}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

function field(fields: readonly string[], at: number): number {
  return Number(fields[at] ?? Number.NaN);
}
