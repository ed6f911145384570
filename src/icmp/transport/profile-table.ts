import type { AddressFamily } from "../../runtime/address.ts";
import type { SocketProfile } from "../echo.ts";
import { IcmpSocketError } from "../transport.ts";

/** Profiles of one family; each has sockets of its own. */
const MAX_PROFILES = 64;

/** What is open for each profile; equal profiles share it. */
export class ProfileTable<Sockets> {
  /** By profile number. */
  readonly items: Sockets[] = [];
  readonly #keys: string[] = [];

  /**
   * @returns The number of the profile, which is opened when it is new.
   * @throws IcmpSocketError when there are too many; what `open` throws.
   */
  numberOf(
    family: AddressFamily,
    profile: SocketProfile,
    open: (number: number) => Sockets,
  ): number {
    const key = JSON.stringify(profile);
    const found = this.#keys.indexOf(key);
    if (found !== -1) return found;
    if (this.items.length >= MAX_PROFILES) {
      throw new IcmpSocketError(
        family,
        "EMFILE",
        `Cannot open another ${family} ICMP socket: at most ${MAX_PROFILES} different sets of socket options`,
      );
    }
    this.items.push(open(this.items.length));
    this.#keys.push(key);
    return this.items.length - 1;
  }
}
