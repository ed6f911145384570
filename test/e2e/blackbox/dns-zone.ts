import { addressBytes } from "../../../src/runtime/address.ts";
import { type Close, closeAll } from "./listening.ts";
import type { CertificateFolder } from "./parity-case.ts";
import {
  nameBytes,
  openTlsZoneServer,
  openZoneServer,
  type Zone,
  type ZoneRecord,
} from "./zone-server.ts";

export const DNS_PORTS = { plain: 5_300, tls: 8_853, tlsExpired: 8_854 } as const;

/** Numbers of types (IANA's registry of DNS parameters). */
export const TYPE = {
  a: 1,
  ns: 2,
  cname: 5,
  soa: 6,
  ptr: 12,
  mx: 15,
  txt: 16,
  aaaa: 28,
  srv: 33,
  ds: 43,
  caa: 257,
} as const;

const ZONE = "zone.test";
const ROOT_NS = { name: ZONE, type: TYPE.ns, data: nameBytes(`ns1.${ZONE}`) };

function a(name: string, text: string, ttlSeconds = 60): ZoneRecord {
  return { name, type: TYPE.a, ttlSeconds, data: Buffer.from(addressBytes(text) ?? []) };
}

function aaaa(name: string, text: string): ZoneRecord {
  return { name, type: TYPE.aaaa, data: Buffer.from(addressBytes(text) ?? []) };
}

function soa(serial: number): ZoneRecord {
  const numbers = Buffer.alloc(20);
  for (const [at, value] of [serial, 7_200, 900, 1_209_600, 300].entries()) {
    numbers.writeUInt32BE(value, 4 * at);
  }
  const names = [nameBytes(`ns1.${ZONE}`), nameBytes(`host\\.master.${ZONE}`)];
  return { name: ZONE, type: TYPE.soa, data: Buffer.concat([...names, numbers]) };
}

function text(...texts: readonly (string | Buffer)[]): Buffer {
  return Buffer.concat(
    texts.flatMap((one) => [Buffer.from([Buffer.from(one).length]), Buffer.from(one)]),
  );
}

const TEXTS: readonly (readonly [name: string, data: Buffer])[] = [
  ["txt", text("hello world")],
  ["txt2", text("one", "two")],
  ["quoted", text('say "hi"; \\o/')],
  ["bytes", text(Buffer.from([0, 1, 9, 10, 127, 128, 255]))],
  ["nothing", text("")],
];

/** What the name server of the dns cases knows; the first label of a name says what becomes of it. */
export const dnsZone: Zone = ({ name, type, isRecursionDesired }) => {
  const [first = ""] = name.split(".");
  const code = /^rcode-(\d+)$/.exec(first)?.[1];
  if (code !== undefined) return { code: Number(code), authority: [soa(1)] };
  const words = TEXTS.find(([label]) => label === first)?.[1];
  if (words !== undefined) return { answer: [{ name, type: TYPE.txt, data: words }] };
  switch (first) {
    case "zone":
      return type === TYPE.soa
        ? { answer: [soa(2_026_112_101)], authority: [ROOT_NS] }
        : { authority: [soa(2_026_112_101)] };
    case "soas":
      return { answer: [soa(1), soa(4_294_967_295)] };
    case "www":
      return {
        answer: [a(name, "192.0.2.1"), a(name, "192.0.2.2")],
        authority: [ROOT_NS],
        additional: [a(`ns1.${ZONE}`, "192.0.2.53"), aaaa(`ns1.${ZONE}`, "2001:db8::53")],
      };
    case "six":
      return { answer: [aaaa(name, "2001:db8::1"), aaaa(name, "::ffff:192.0.2.1")] };
    case "alias":
      return {
        answer: [
          { name, type: TYPE.cname, data: nameBytes(`www.${ZONE}`) },
          a(`www.${ZONE}`, "192.0.2.1", 2_147_483_647),
        ],
      };
    case "mail": {
      const data = Buffer.concat([Buffer.from([0, 10]), nameBytes(`mx.${ZONE}`)]);
      return { answer: [{ name, type: TYPE.mx, data }] };
    }
    case "service": {
      const data = Buffer.concat([Buffer.from([0, 1, 0, 2, 0x1f, 0x90]), nameBytes(`www.${ZONE}`)]);
      return { answer: [{ name, type: TYPE.srv, data }] };
    }
    case "caa": {
      const data = Buffer.concat([Buffer.from([0, 5]), Buffer.from("issueca.test")]);
      return { answer: [{ name, type: TYPE.caa, data }] };
    }
    case "ds": {
      const data = Buffer.from(`0001080${2}${"ab".repeat(32)}`, "hex");
      return { answer: [{ name, type: TYPE.ds, data }] };
    }
    case "odd":
      return { answer: [{ name, type: 65_280, class: 3, data: Buffer.from("cafe", "hex") }] };
    case "escaped":
      return {
        answer: [{ name, type: TYPE.ptr, data: nameBytes("a\\.b(c);d\u00e9 e.zone.test") }],
      };
    case "recursion":
      return isRecursionDesired ? { answer: [a(name, "192.0.2.7")] } : { code: 5 };
    case "cut":
      return { answer: [a(name, "192.0.2.9")], isTruncated: true };
    case "forged":
      return { answer: [a(name, "192.0.2.66")], isForged: true };
    case "garbage":
      return { raw: Buffer.from("8180000100", "hex") };
    case "loop":
      // One question, one answer; the name of the answer points at itself.
      return {
        raw: Buffer.from("818000010001000000000000010001c011000100010000003c0004c0000201", "hex"),
      };
    case "silent":
      return undefined;
    case "many":
      return { answer: Array.from({ length: 20 }, (_, at) => a(name, `192.0.2.${at + 1}`)) };
    case "large":
      return { answer: Array.from({ length: 100 }, (_, at) => a(name, `192.0.2.${at + 1}`)) };
    case "empty":
      return {};
    case "":
      return { answer: [{ name: "", type: TYPE.ns, data: nameBytes("a.root.test") }] };
    default:
      return { code: 3, authority: [soa(1)] };
  }
};

export async function openDnsServers(certificates: CertificateFolder): Promise<Close> {
  const closes = await Promise.all([
    openZoneServer(dnsZone, DNS_PORTS.plain),
    openZoneServer(dnsZone, DNS_PORTS.plain, "::1"),
    openTlsZoneServer(dnsZone, DNS_PORTS.tls, certificates.read("good")),
    openTlsZoneServer(dnsZone, DNS_PORTS.tlsExpired, certificates.read("expired")),
  ]);
  return () => closeAll(closes);
}
