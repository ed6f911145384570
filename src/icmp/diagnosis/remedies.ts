import type { TransportName } from "../transport.ts";
import type { GroupRange, ProcessFacts } from "./system-facts.ts";

/** Something an operator can do: what or where, and the lines to run or to write. */
export type Remedy = { readonly title: string; readonly lines: readonly string[] };

const SYSTEMD: Remedy = {
  title: "systemd, in the unit",
  lines: ["[Service]", "AmbientCapabilities=CAP_NET_RAW"],
};

/** Kubernetes gives added capabilities to root alone: it knows no ambient ones. */
const KUBERNETES: Remedy = {
  title: "Kubernetes, in the container",
  lines: ["securityContext:", "  runAsUser: 0", "  capabilities: {drop: [ALL], add: [NET_RAW]}"],
};

const DOCKER: Remedy = {
  title: "Docker or Podman",
  lines: ["docker run --user=0 --cap-drop=ALL --cap-add=NET_RAW …"],
};

/** Where the capability can be had by asking. */
export function toGainNetRaw(process: ProcessFacts): readonly Remedy[] {
  const setcap: Remedy = {
    title: "this Node for good, and so every program it runs",
    lines: [`sudo setcap cap_net_raw+ep ${shellWord(process.executable)}`],
  };
  // Under no_new_privs (allowPrivilegeEscalation: false) the kernel ignores the capabilities of files.
  return [SYSTEMD, ...(process.isPrivilegeGainForbidden ? [] : [setcap]), KUBERNETES];
}

/** Where the bounding set lacks it: nothing inside the container or unit can help. */
export const toGiveBackNetRaw: readonly Remedy[] = [
  DOCKER,
  KUBERNETES,
  {
    title: "systemd, in the unit",
    lines: ["[Service]", "AmbientCapabilities=CAP_NET_RAW", "CapabilityBoundingSet=CAP_NET_RAW"],
  },
];

export const liftFilter: Remedy = {
  title: "container or unit",
  lines: ["allow socket() for ICMP in the seccomp or AppArmor profile, or use its default one"],
};

/** Keeps what is open, and adds the groups of this process. */
export function toOpenPingGroups(
  range: GroupRange | undefined,
  groupIds: readonly number[],
): readonly Remedy[] {
  const own = Math.min(...groupIds.slice(0, 1));
  const isOpen = range !== undefined && range.low <= range.high;
  const low = isOpen ? Math.min(range.low, own) : own;
  const high = isOpen ? Math.max(range.high, own) : own;
  const setting = `net.ipv4.ping_group_range="${low} ${high}"`;
  return [
    {
      title: "at once, in the agent's network namespace (both families)",
      lines: [`sudo sysctl -w ${setting}`],
    },
    {
      title: "for good, from the next start of the machine on",
      lines: [
        `echo 'net.ipv4.ping_group_range = ${low} ${high}' | sudo tee /etc/sysctl.d/90-sounder.conf`,
      ],
    },
    {
      title: "Kubernetes, in the pod",
      lines: [
        "securityContext:",
        '  sysctls: [{name: net.ipv4.ping_group_range, value: "0 2147483647"}]',
      ],
    },
  ];
}

/** A `ping` that may do nothing either; where files give no rights, what helps `raw` and `dgram` is all there is. */
export function forPingProgram(process: ProcessFacts): readonly Remedy[] {
  if (process.isPrivilegeGainForbidden || process.netRaw === "dropped") return [];
  const lines = ['sudo setcap cap_net_raw+p "$(command -v ping)"'];
  return [{ title: "give the program its right", lines }];
}

/** What to install for a transport that is not there. */
export function toInstall(transport: TransportName): readonly Remedy[] {
  switch (transport) {
    case "raw":
    case "dgram":
      return [{ title: "in Sounder's folder", lines: ["npm install --include=optional koffi"] }];
    case "raw-socket":
      return [
        {
          title: "in Sounder's folder, with a C++ compiler, make and Python at hand",
          lines: ["npm install --include=optional --foreground-scripts raw-socket"],
        },
      ];
    case "ping":
      return [
        { title: "Debian, Ubuntu", lines: ["sudo apt-get install iputils-ping"] },
        { title: "Alpine", lines: ["apk add iputils-ping"] },
        { title: "Fedora, Red Hat", lines: ["sudo dnf install iputils"] },
      ];
  }
}

/** @param wantedBytes As asked of the socket, before the kernel doubles it. */
export function toRaiseReceiveBuffer(wantedBytes: number): readonly Remedy[] {
  return [
    {
      title: "on the machine itself, not in a container",
      lines: [`sudo sysctl -w net.core.rmem_max=${wantedBytes}`],
    },
    {
      title: "or give the process a right beyond the limit: systemd, in the unit",
      lines: ["[Service]", "AmbientCapabilities=CAP_NET_RAW CAP_NET_ADMIN"],
    },
  ];
}

/** A word of a shell's command line, quoted where it must be. */
function shellWord(text: string): string {
  return /^[\w./+@%=:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
