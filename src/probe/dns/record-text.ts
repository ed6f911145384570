import { className, typeName } from "./dns-numbers.ts";
import {
  bare,
  base64,
  eui,
  type Field,
  groups,
  hex,
  ipv4,
  ipv6,
  name,
  number8,
  number16,
  number32,
  octets,
  quoted,
  type RecordHeader,
  raw,
  strings,
  time,
  type,
  typeBitmap,
  upperGroups,
  upperHex,
} from "./record-fields.ts";
import {
  amtRelay,
  certificate,
  certificateAssociation,
  hashedDenial,
  hashParameters,
  hostIdentity,
  ipsecKey,
  transactionKey,
  transactionSignature,
} from "./record-text-keys.ts";
import { options } from "./record-text-options.ts";
import { addressPrefixes, location } from "./record-text-places.ts";
import { service } from "./record-text-services.ts";
import type { WireReader } from "./wire-reader.ts";

export const TYPE = { null: 10, soa: 6, opt: 41, tkey: 249, tsig: 250 } as const;

const KEY: readonly Field[] = [number16, number8, number8, base64];
const DIGEST: readonly Field[] = [number16, number8, number8, upperHex];
const SIGNATURE: readonly Field[] = [
  type,
  number8,
  number8,
  number32,
  time,
  time,
  number16,
  name,
  base64,
];

/** The fields of every type of record whose data is not opaque, with the RFC that says so. */
const FIELDS: ReadonlyMap<number, readonly Field[]> = new Map<number, readonly Field[]>([
  [1, [ipv4]], // A, RFC 1035
  [2, [name]], // NS
  [3, [name]], // MD
  [4, [name]], // MF
  [5, [name]], // CNAME
  [TYPE.soa, [name, name, number32, number32, number32, number32, number32]],
  [7, [name]], // MB
  [8, [name]], // MG
  [9, [name]], // MR
  [TYPE.null, [raw]],
  [12, [name]], // PTR
  [13, [quoted, quoted]], // HINFO
  [14, [name, name]], // MINFO
  [15, [number16, name]], // MX
  [16, [strings]], // TXT
  [17, [name, name]], // RP, RFC 1183
  [18, [number16, name]], // AFSDB, RFC 1183
  [19, [bare]], // X25, RFC 1183
  [20, [quoted, quoted]], // ISDN, RFC 1183
  [21, [number16, name]], // RT, RFC 1183
  [23, [name]], // NSAP-PTR, RFC 1348
  [24, SIGNATURE], // SIG, RFC 2535
  [25, KEY], // KEY, RFC 2535
  [26, [number16, name, name]], // PX, RFC 2163
  [27, [bare, bare, bare]], // GPOS, RFC 1712
  [28, [ipv6]], // AAAA, RFC 3596
  [29, [location]], // LOC, RFC 1876
  [30, [name, typeBitmap]], // NXT, read as NSEC
  [31, [upperHex]], // EID
  [32, [upperHex]], // NIMLOC
  [33, [number16, number16, number16, name]], // SRV, RFC 2782
  [35, [number16, number16, quoted, quoted, quoted, name]], // NAPTR, RFC 3403
  [36, [number16, name]], // KX, RFC 2230
  [37, [certificate]], // CERT, RFC 4398
  [39, [name]], // DNAME, RFC 6672
  [TYPE.opt, [options]],
  [42, [addressPrefixes]], // APL, RFC 3123
  [43, DIGEST], // DS, RFC 4034
  [44, [number8, number8, upperHex]], // SSHFP, RFC 4255
  [45, [ipsecKey]], // IPSECKEY, RFC 4025
  [46, SIGNATURE], // RRSIG, RFC 4034
  [47, [name, typeBitmap]], // NSEC, RFC 4034
  [48, KEY], // DNSKEY, RFC 4034
  [49, [base64]], // DHCID, RFC 4701
  [50, [hashedDenial]], // NSEC3, RFC 5155
  [51, [hashParameters]], // NSEC3PARAM, RFC 5155
  [52, [number8, number8, number8, hex]], // TLSA, RFC 6698
  [53, [certificateAssociation]], // SMIMEA, RFC 8162
  [55, [hostIdentity]], // HIP, RFC 8005
  [56, [strings]], // NINFO
  [57, KEY], // RKEY
  [58, [name, name]], // TALINK
  [59, DIGEST], // CDS, RFC 7344
  [60, KEY], // CDNSKEY, RFC 7344
  [61, [base64]], // OPENPGPKEY, RFC 7929
  [62, [number32, number16, typeBitmap]], // CSYNC, RFC 7477
  [63, [number32, number8, number8, hex]], // ZONEMD, RFC 8976
  [64, [service]], // SVCB, RFC 9460
  [65, [service]], // HTTPS, RFC 9460
  [99, [strings]], // SPF, RFC 4408
  [100, [quoted]], // UINFO
  [101, [number32]], // UID
  [102, [number32]], // GID
  [104, [number16, groups]], // NID, RFC 6742
  [105, [number16, ipv4]], // L32, RFC 6742
  [106, [number16, upperGroups]], // L64, RFC 6742
  [107, [number16, name]], // LP, RFC 6742
  [108, [eui(6)]], // EUI48, RFC 7043
  [109, [eui(8)]], // EUI64, RFC 7043
  [128, []], // NXNAME
  [TYPE.tkey, [transactionKey]],
  [TYPE.tsig, [transactionSignature]],
  [255, []], // ANY
  [256, [number16, number16, octets]], // URI, RFC 7553
  [257, [number8, bare, octets]], // CAA, RFC 8659
  [258, [strings]], // AVC
  [260, [amtRelay]], // AMTRELAY, RFC 8777
  [261, [strings]], // RESINFO, RFC 9606
  [32768, DIGEST], // TA
  [32769, DIGEST], // DLV, RFC 4431
]);

/**
 * The data of a record as in a zone file; what has no form of its own is `\# n hex`.
 *
 * @param reader Its window is the data. What is left in it afterwards does not belong there.
 * @throws MalformedMessageError for data that does not fit its type.
 * @see RFC 3597 section 5
 */
export function dataText(header: RecordHeader, reader: WireReader): string {
  const fields = FIELDS.get(header.type);
  if (fields === undefined) {
    const bytes = reader.rest();
    return `\\# ${bytes.length} ${bytes.toString("hex")}`;
  }
  return fields.flatMap((field) => field(reader, header)).join(" ");
}

/**
 * A record as a line of a zone file, to the letter as miekg/dns writes it: fields apart by tabs, numbers for a type that
 * it does not know, comments for what no zone holds.
 */
export function recordText(record: RecordHeader & { readonly data: string }): string {
  const { ttlSeconds, data } = record;
  if (!FIELDS.has(record.type)) {
    return `${record.name}\t${ttlSeconds}\tCLASS${record.class}\tTYPE${record.type}\t${data}`;
  }
  const start = `${record.name}\t${ttlSeconds}\t${className(record.class)}\t${typeName(record.type)}\t`;
  switch (record.type) {
    case TYPE.opt:
      return data;
    case TYPE.tsig:
      return `\n;; TSIG PSEUDOSECTION:\n; ${start} ${data}`;
    case TYPE.tkey:
      return `;${start} ${data}`;
    case TYPE.null:
      return `;${start}${data}`;
    default: // numbers are an open set: every other type has its line in zone files
      return `${start}${data}`;
  }
}
