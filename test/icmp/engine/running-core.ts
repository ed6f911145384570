import { EngineCore, engineClock } from "../../../src/icmp/engine/engine-core.ts";
import type { CoreReport } from "../../../src/icmp/engine/messages.ts";
import type { AddressFamily } from "../../../src/runtime/address.ts";
import { ENGINE_OPTIONS } from "../../support/engine-orders.ts";
import { FakeTransport } from "../../support/fake-transport.ts";
import { SteppingClock } from "../../support/stepping-clock.ts";

/** The clock of an engine's core, for a network in memory: it runs by itself. */
class RunningClock extends SteppingClock {
  override readonly monotonicSeconds = engineClock.monotonicSeconds;

  override stampAt(monotonicSeconds: number): [seconds: number, nanoseconds: number] {
    const whole = Math.floor(monotonicSeconds);
    return [1_700_000_000 + whole, Math.floor((monotonicSeconds - whole) * 1e9)];
  }
}

/** A network in memory in real time; closing it twice is an error, as of a socket. */
export class RunningTransport extends FakeTransport {
  isClosed = false;

  constructor(family: AddressFamily = "ipv4") {
    super({ clock: new RunningClock(), family });
  }

  override close(): void {
    if (this.isClosed) throw new Error("closed twice");
    this.isClosed = true;
    super.close();
  }
}

/** The engine's core over such networks. */
export function coreOver(
  transports: readonly FakeTransport[],
  report: (report: CoreReport) => void,
): EngineCore {
  return new EngineCore({
    transports,
    engine: ENGINE_OPTIONS,
    isDebug: false,
    interfaceIndex: () => 0,
    report,
  });
}
