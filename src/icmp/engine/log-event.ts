import type { Logger } from "../../runtime/log.ts";
import type { LoopEvent } from "../loop/echo-loop.ts";

/** Tells the operator what the engine saw of the machine it runs on. */
export function logEvent(event: LoopEvent, log: Logger): void {
  const seconds = Number(event.seconds.toFixed(3));
  switch (event.kind) {
    case "stopped":
      log.warn("the ICMP engine stood still: what the kernel kept meanwhile counts", { seconds });
      return;
    case "suspended":
      log.warn("the machine was suspended: echoes in flight then are suspect", { seconds });
      return;
    case "clock_step":
      log.warn("the wall clock was stepped: times over the step come from the monotonic clock", {
        seconds,
      });
      return;
  }
}
