import { isIP } from "node:net";

/** A name server as an operator writes it, taken apart. */
export type ServerAddress = { readonly address: string; readonly port: number };

const DNS_PORT = 53;
const MAX_PORT = 65_535;

/**
 * The parts of `192.0.2.53`, `192.0.2.53:5353`, `2001:db8::53`, `[2001:db8::53]` or
 * `[2001:db8::53]:5353`.
 *
 * @returns undefined for anything else, port 0 included: Node.js ends the process when it is handed
 *   that. A zone (`fe80::1%eth0`) is refused because `dns.Resolver` drops it without a word.
 */
export function parseServerAddress(text: string): ServerAddress | undefined {
  const bracketed = /^\[([^[\]]+)\](?::(\d{1,5}))?$/.exec(text);
  const dotted = /^([\d.]+)(?::(\d{1,5}))?$/.exec(text);
  const [, address = "", portText] = bracketed ?? dotted ?? [text, text];
  const port = portText === undefined ? DNS_PORT : Number(portText);
  if (port < 1 || port > MAX_PORT || address.includes("%")) return undefined;
  const version = isIP(address);
  if (version === 0 || (bracketed !== null && version !== 6)) return undefined;
  return { address, port };
}

/** The one text of a server, with its port: `192.0.2.53:53`, `[2001:db8::53]:53`. */
export function serverText({ address, port }: ServerAddress): string {
  return isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`;
}
