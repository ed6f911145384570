import { labelText } from "../../metrics/label-text.ts";
import type { TlsFacts } from "../../probe/prober.ts";

/** Versions times ciphers of the TLS library are some dozens; what lies beyond has no info series. */
const MAX_KINDS = 1024;

/** The pairs of TLS version and cipher that were seen, as label texts by number: a target keeps one number. */
export class TlsKinds {
  readonly #texts: string[] = [];
  readonly #numbers = new Map<string, number>();

  /** NaN for no TLS, and for one kind too many. */
  numberOf(tls: Pick<TlsFacts, "version" | "cipher"> | undefined): number {
    if (tls === undefined) return Number.NaN;
    const text = labelText([
      ["version", tls.version],
      ["cipher", tls.cipher],
    ]);
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    if (this.#texts.length >= MAX_KINDS) return Number.NaN;
    const number = this.#texts.push(text) - 1;
    this.#numbers.set(text, number);
    return number;
  }

  /** Label text of a number; undefined for NaN. */
  text(number: number): string | undefined {
    return this.#texts[number];
  }
}
