import type { RecordCase } from "./record-case.ts";
import { name, string, u8, u16 } from "./wire.ts";

/** A record may end after any whole field; what is missing is nothing or zero. */
export const SHORT_CASES: readonly RecordCase[] = [
  { name: "A without data", type: 1, data: [], want: "" },
  { name: "AAAA without data", type: 28, data: [], want: "" },
  { name: "MX without its name", type: 15, data: u16(10), want: "10 " },
  {
    name: "SOA of names alone",
    type: 6,
    data: [name("a.example"), name("b.example")],
    want: "a.example. b.example. 0 0 0 0 0",
  },
  { name: "TXT without strings", type: 16, data: [], want: "" },
  { name: "HINFO of one string", type: 13, data: string("X"), want: `"X" ""` },
  { name: "CAA without data", type: 257, data: [], want: `0  ""` },
  { name: "DNSKEY without its key", type: 48, data: [u16(257), u8(3), u8(8)], want: "257 3 8 " },
  {
    name: "NSEC3 that ends before its salt",
    type: 50,
    data: [u8(1), u8(0), u16(0), u8(4)],
    want: "1 0 0 - ",
  },
  { name: "HIP that ends before its tag", type: 55, data: [u8(4), u8(2), u16(8)], want: "2  " },
  { name: "L32 without its locator", type: 105, data: u16(10), want: "10" },
  { name: "EUI48 without data", type: 108, data: [], want: "00-00-00-00-00-00" },
  { name: "NID without its identifier", type: 104, data: u16(1), want: "1 0000:0000:0000:0000" },
  {
    name: "IPSECKEY without its address",
    type: 45,
    data: [u8(10), u8(1), u8(2)],
    want: "10 1 2 <nil> ",
  },
  { name: "SVCB of a priority alone", type: 64, data: u16(1), want: "1 " },
  {
    name: "LOC without data",
    type: 29,
    data: [],
    want: "596 31 23.648 S 596 31 23.648 W -100000m 0.00m 0.00m 0.00m",
  },
];
