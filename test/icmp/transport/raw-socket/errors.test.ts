import assert from "node:assert/strict";
import { constants } from "node:os";
import { test } from "node:test";
import { errnoNameOf, errnoNumber } from "../../../../src/icmp/transport/raw-socket/errors.ts";

/** `strerror` of glibc, then where musl or macOS say it otherwise, then the package's own and libuv's. */
const cases = [
  { text: "Operation not permitted", want: "EPERM" },
  { text: "Permission denied", want: "EACCES" },
  { text: "Network is unreachable", want: "ENETUNREACH" },
  { text: "No route to host", want: "EHOSTUNREACH" },
  { text: "Network is down", want: "ENETDOWN" },
  { text: "No buffer space available", want: "ENOBUFS" },
  { text: "Message too long", want: "EMSGSIZE" },
  { text: "Invalid argument", want: "EINVAL" },
  { text: "Cannot assign requested address", want: "EADDRNOTAVAIL" },
  { text: "Resource temporarily unavailable", want: "EAGAIN" },
  { text: "Cannot allocate memory", want: "ENOMEM" },
  { text: "Too many open files", want: "EMFILE" },
  { text: "Address family not supported by protocol", want: "EAFNOSUPPORT" },
  { text: "Protocol not supported", want: "EPROTONOSUPPORT" },
  { text: "Protocol not available", want: "ENOPROTOOPT" },
  { text: "No such device", want: "ENODEV" },
  { text: "Connection refused", want: "ECONNREFUSED" },
  { text: "Host is unreachable", want: "EHOSTUNREACH" },
  { text: "Network unreachable", want: "ENETUNREACH" },
  { text: "Address not available", want: "EADDRNOTAVAIL" },
  { text: "Message too large", want: "EMSGSIZE" },
  { text: "Out of memory", want: "ENOMEM" },
  { text: "Can't assign requested address", want: "EADDRNOTAVAIL" },
  { text: "Address family not supported by protocol family", want: "EAFNOSUPPORT" },
  { text: "Invalid IP address 'x'", want: "EINVAL" },
  { text: String(-constants.errno.EBADF), want: "EBADF" },
  { text: "-123456", want: "EIO" },
  { text: "something new", want: "EIO" },
];
for (const { text, want } of cases) {
  test(`errnoNameOf() of "${text}"`, () => {
    assert.equal(errnoNameOf(new Error(text)), want);
  });
}

test("errnoNumber() gives this system's number, and that of EIO for what it does not have", () => {
  assert.equal(errnoNumber("ENETUNREACH"), constants.errno.ENETUNREACH);
  assert.equal(errnoNumber("ENOSUCHTHING"), constants.errno.EIO);
});
