import type { LossReason } from "../icmp/echo.ts";
import type { EchoFailure } from "../icmp/engine-contract.ts";
import type { TargetProblem } from "./target-rows.ts";

/** What became of an icmp target's last echo, for a person. */
export function problemOfEcho(failure: EchoFailure): TargetProblem {
  switch (failure.kind) {
    case "lost": {
      const { reason, reportedBy } = failure.explanation;
      const reporter = reportedBy ?? "an ICMP error";
      return { reason, detail: `${reporter} says that ${SAID[reason]}` };
    }
    case "unsent": {
      const { errno } = failure;
      const why = Object.hasOwn(REFUSALS, errno) ? `: ${REFUSALS[errno]}` : "";
      return { reason: "unsent", detail: `the system refused to send (${errno})${why}` };
    }
  }
}

const SAID: Readonly<Record<LossReason, string>> = {
  host_unreachable: "the host is unreachable",
  net_unreachable: "the network is unreachable",
  port_unreachable: "the port is unreachable",
  protocol_unreachable: "the host does not take ICMP",
  prohibited: "a filter forbids the echo",
  ttl_exceeded: "the TTL or hop limit ran out on the way",
  packet_too_big: "the echo is larger than a link on the way takes",
};

/** What `sendmsg` means by its errors here. @see ip(7), raw(7), packet(7), ip-route(8) for the kinds of route. */
const REFUSALS: Readonly<Record<string, string>> = {
  EACCES: "a prohibit route forbids it, or the address is a broadcast address",
  EADDRNOTAVAIL: "the source address is not on this machine",
  EAFNOSUPPORT: "this machine has no such address family",
  EAGAIN: "the send buffer is full, or as many ping programs run as may",
  EHOSTUNREACH: "a route of this machine says that the host is unreachable",
  EINVAL:
    "the address does not fit the socket; a link-local one needs its interface, as in fe80::1%eth0",
  EMFILE: "too many files are open",
  EMSGSIZE:
    "the echo is larger than the interface takes; make payload_size smaller or allow fragments",
  ENETDOWN: "the interface is down",
  ENETUNREACH: "this machine has no route to the address",
  ENOBUFS: "the queue of the interface is full, or too many echoes are in flight",
  ENODEV: "the interface is not there",
  ENOMEM: "the kernel is out of memory",
  EPERM: "a firewall rule of this machine forbids it",
};
