import { bufferedEchoesPerSecond } from "../receive-buffer.ts";
import type { Finding } from "./diagnosis.ts";
import { toRaiseReceiveBuffer } from "./remedies.ts";
import type { SystemFacts } from "./system-facts.ts";

/** Counters of the processor and of hypervisors that are read without a trip to a device. */
const FAST_CLOCKS =
  /^(?:tsc|kvm-clock|arch_sys_counter|hyperv_clocksource.*|xen|riscv_clocksource|timebase)$/;

const MIN_NODE = { major: 20, minor: 19 } as const;
const RECOMMENDED_NODE = 24;
/** Releases with an end of life in 2027 or later (nodejs.org, release schedule). */
const MAINTAINED_NODE: readonly number[] = [22, 24];

/** What else bears on the measurement besides the transports. */
export function findingsOf(facts: SystemFacts): readonly Finding[] {
  return [bufferFinding(facts), clockFinding(facts), nodeFinding(facts.nodeVersion)];
}

function bufferFinding({ receiveBuffer }: SystemFacts): Finding {
  const subject = "receive_buffer";
  if (receiveBuffer === undefined) {
    return { subject, grade: "note", says: "cannot be asked for without koffi", remedies: [] };
  }
  const { wantedBytes, grantedBytes } = receiveBuffer;
  const echoesPerSecond = bufferedEchoesPerSecond(grantedBytes * 2);
  const holds = `enough for ${echoesPerSecond} echoes a second`;
  if (grantedBytes >= wantedBytes) {
    return { subject, grade: "fine", says: `${mebibytes(grantedBytes)}, ${holds}`, remedies: [] };
  }
  return {
    subject,
    grade: "note",
    says: `${mebibytes(wantedBytes)} wanted, ${mebibytes(grantedBytes)} given by net.core.rmem_max: ${holds}`,
    remedies: toRaiseReceiveBuffer(wantedBytes),
  };
}

function mebibytes(bytes: number): string {
  return `${Number((bytes / 2 ** 20).toFixed(2))} MiB`;
}

function clockFinding({ clockSource }: SystemFacts): Finding {
  const subject = "clock_source";
  if (clockSource === undefined) {
    return { subject, grade: "note", says: "the system does not tell", remedies: [] };
  }
  const { current, available } = clockSource;
  if (FAST_CLOCKS.test(current)) return { subject, grade: "fine", says: current, remedies: [] };
  const faster = available.find((name) => FAST_CLOCKS.test(name));
  return {
    subject,
    grade: "note",
    says: `${current}: each stamp takes the kernel a microsecond or more`,
    remedies:
      faster === undefined
        ? []
        : [
            {
              title: "at once; for good with the kernel parameter of the same name",
              lines: [
                `echo ${faster} | sudo tee /sys/devices/system/clocksource/clocksource0/current_clocksource`,
              ],
            },
          ],
  };
}

function nodeFinding(version: string): Finding {
  const subject = "node";
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".", 2).map(Number);
  const isTooOld = major < MIN_NODE.major || (major === MIN_NODE.major && minor < MIN_NODE.minor);
  const remedies = [
    { title: "use", lines: [`Node ${RECOMMENDED_NODE} (https://nodejs.org/en/download)`] },
  ];
  if (isTooOld) {
    const least = `${MIN_NODE.major}.${MIN_NODE.minor}`;
    return { subject, grade: "fault", says: `${version} is older than ${least}`, remedies };
  }
  if (MAINTAINED_NODE.includes(major) || major > RECOMMENDED_NODE) {
    return { subject, grade: "fine", says: version, remedies: [] };
  }
  return {
    subject,
    grade: "note",
    says: `${version} works, but Node ${major} is past its end of life: no security fixes`,
    remedies,
  };
}
