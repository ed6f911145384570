/**
 * Types of records and of questions by name, those of miekg/dns, which blackbox_exporter speaks through.
 *
 * @see https://www.iana.org/assignments/dns-parameters
 */
const TYPE_NUMBERS: Readonly<Record<string, number>> = {
  None: 0,
  A: 1,
  NS: 2,
  MD: 3,
  MF: 4,
  CNAME: 5,
  SOA: 6,
  MB: 7,
  MG: 8,
  MR: 9,
  NULL: 10,
  PTR: 12,
  HINFO: 13,
  MINFO: 14,
  MX: 15,
  TXT: 16,
  RP: 17,
  AFSDB: 18,
  X25: 19,
  ISDN: 20,
  RT: 21,
  "NSAP-PTR": 23,
  SIG: 24,
  KEY: 25,
  PX: 26,
  GPOS: 27,
  AAAA: 28,
  LOC: 29,
  NXT: 30,
  EID: 31,
  NIMLOC: 32,
  SRV: 33,
  ATMA: 34,
  NAPTR: 35,
  KX: 36,
  CERT: 37,
  DNAME: 39,
  OPT: 41,
  APL: 42,
  DS: 43,
  SSHFP: 44,
  IPSECKEY: 45,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  DHCID: 49,
  NSEC3: 50,
  NSEC3PARAM: 51,
  TLSA: 52,
  SMIMEA: 53,
  HIP: 55,
  NINFO: 56,
  RKEY: 57,
  TALINK: 58,
  CDS: 59,
  CDNSKEY: 60,
  OPENPGPKEY: 61,
  CSYNC: 62,
  ZONEMD: 63,
  SVCB: 64,
  HTTPS: 65,
  SPF: 99,
  UINFO: 100,
  UID: 101,
  GID: 102,
  UNSPEC: 103,
  NID: 104,
  L32: 105,
  L64: 106,
  LP: 107,
  EUI48: 108,
  EUI64: 109,
  NXNAME: 128,
  TKEY: 249,
  TSIG: 250,
  IXFR: 251,
  AXFR: 252,
  MAILB: 253,
  MAILA: 254,
  ANY: 255,
  URI: 256,
  CAA: 257,
  AVC: 258,
  AMTRELAY: 260,
  RESINFO: 261,
  TA: 32768,
  DLV: 32769,
  Reserved: 65535,
};

const CLASS_NUMBERS: Readonly<Record<string, number>> = {
  IN: 1,
  CS: 2,
  CH: 3,
  HS: 4,
  NONE: 254,
  ANY: 255,
};

const RESPONSE_CODES: Readonly<Record<string, number>> = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  // An older spelling of miekg/dns that files still hold.
  NOTIMPL: 4,
  REFUSED: 5,
  YXDOMAIN: 6,
  YXRRSET: 7,
  NXRRSET: 8,
  NOTAUTH: 9,
  NOTZONE: 10,
  DSOTYPENI: 11,
  // BADVERS (RFC 6891) has the same number.
  BADSIG: 16,
  BADKEY: 17,
  BADTIME: 18,
  BADMODE: 19,
  BADNAME: 20,
  BADALG: 21,
  BADTRUNC: 22,
  BADCOOKIE: 23,
};

const TYPE_NAMES: ReadonlyMap<number, string> = namesOf(TYPE_NUMBERS);
const CLASS_NAMES: ReadonlyMap<number, string> = namesOf(CLASS_NUMBERS);
const RESPONSE_CODE_NAMES: ReadonlyMap<number, string> = namesOf(RESPONSE_CODES);

/** The first of several names of a number is the one that is shown. */
function namesOf(numbers: Readonly<Record<string, number>>): ReadonlyMap<number, string> {
  return new Map(
    Object.entries(numbers)
      .reverse()
      .map(([name, number]) => [number, name]),
  );
}

function lookUp(numbers: Readonly<Record<string, number>>, name: string): number | undefined {
  return Object.hasOwn(numbers, name) ? numbers[name] : undefined;
}

/** @returns undefined for a name that is none; capitals matter. */
export function typeNumber(name: string): number | undefined {
  return lookUp(TYPE_NUMBERS, name);
}

/** `TYPE` and the number where there is no name. @see RFC 3597 section 5 */
export function typeName(number: number): string {
  return TYPE_NAMES.get(number) ?? `TYPE${number}`;
}

/** @returns undefined for a name that is none; capitals matter. */
export function classNumber(name: string): number | undefined {
  return lookUp(CLASS_NUMBERS, name);
}

/** `CLASS` and the number where there is no name, and for ANY, which is a type as well. */
export function className(number: number): string {
  const name = CLASS_NAMES.get(number);
  return name === undefined || name === "ANY" ? `CLASS${number}` : name;
}

/** @returns undefined for a name that is none; capitals matter. */
export function responseCode(name: string): number | undefined {
  return lookUp(RESPONSE_CODES, name);
}

/** As `dig` says it; `RCODE` and the number where there is no name. */
export function responseCodeName(number: number): string {
  return RESPONSE_CODE_NAMES.get(number) ?? `RCODE${number}`;
}
