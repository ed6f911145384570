import { type LabDevice, startDevice } from "./device.ts";
import { loadKernel } from "./kernel.ts";
import { DEVICE, enterNetwork, OWN_ADDRESSES } from "./network.ts";

/**
 * A small Internet of our own: every address of both families that is not local leads to a thread
 * of this process, by the device that the lab itself is.
 */
export type Lab = LabDevice & {
  /** The addresses of the machine under test, from which echoes come. */
  readonly ownAddresses: { readonly ipv4: string; readonly ipv6: string };
  /**
   * Another device with hosts of its own behind it, which may have the addresses of those behind
   * the first. Only what is bound to the device, or names it as a zone, is sent there.
   *
   * @param addresses The machine's own on that device.
   */
  readonly addDevice: (name: string, addresses: readonly string[]) => LabDevice;
  /** All devices vanish, and with them all routes. The thread stays in its empty network. */
  readonly close: () => Promise<void>;
};

const DEFAULT_MTU_BYTES = 1500;

/**
 * Moves the calling thread into a fresh network namespace and opens the lab in it. What the thread
 * opens afterwards is inside: sockets, worker threads, child processes. What exists is not: sockets
 * open before, and the threads of Node's pool, which look up names (`dns.lookup`); use addresses.
 * Nothing is left behind, however the process ends: the namespace has no name.
 *
 * @throws when the kernel refuses; ask `canRunLab` first.
 */
export async function openLab(options: {
  readonly seed: number;
  /** Echoes beyond it leave as fragments, which the lab does not answer; 1,500 when left out. */
  readonly mtuBytes?: number;
  /** Echoes kept one by one, a million when left out; a long run wants 0, and has the totals. */
  readonly maxRecordedEchoes?: number;
  /** A link-local address of the machine on the first device; none when left out. */
  readonly linkLocal?: string;
}): Promise<Lab> {
  const kernel = await loadKernel();
  enterNetwork(kernel);
  const common = {
    mtuBytes: options.mtuBytes ?? DEFAULT_MTU_BYTES,
    seed: options.seed,
    maxRecordedEchoes: options.maxRecordedEchoes,
  };
  const own: readonly string[] = Object.values(OWN_ADDRESSES);
  const ownAddresses = options.linkLocal === undefined ? own : [...own, options.linkLocal];
  const first = startDevice(kernel, { ...common, name: DEVICE, ownAddresses });
  const added: LabDevice[] = [];
  return {
    ...first,
    ownAddresses: OWN_ADDRESSES,
    addDevice: (name, addresses) => {
      const device = startDevice(kernel, { ...common, name, ownAddresses: addresses });
      added.push(device);
      return device;
    },
    close: async () => {
      for (const device of [...added, first]) await device.close();
    },
  };
}
