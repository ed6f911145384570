import assert from "node:assert/strict";
import { test } from "node:test";
import { pathOf, webPlace } from "../../src/server/web-settings.ts";

const valid = [
  { externalUrl: undefined, routePrefix: undefined, want: ["", undefined, ""] },
  { externalUrl: "", routePrefix: "/", want: ["", undefined, ""] },
  { externalUrl: "", routePrefix: "net//", want: ["/net", undefined, ""] },
  { externalUrl: "http://a.example:80", routePrefix: "", want: ["", "http://a.example", ""] },
  {
    externalUrl: "https://a.example/net/",
    routePrefix: "",
    want: ["/net", "https://a.example/net", "/net"],
  },
  {
    externalUrl: "HTTPS://A.example//net/x",
    routePrefix: "/",
    want: ["", "https://a.example/net/x", "/net/x"],
  },
  {
    externalUrl: "https://a.example/net",
    routePrefix: "/in/side",
    want: ["/in/side", "https://a.example/net", "/net"],
  },
  { externalUrl: "/net/", routePrefix: "", want: ["/net", "/net", "/net"] },
  { externalUrl: "//net", routePrefix: "", want: ["/net", "/net", "/net"] },
  {
    externalUrl: "https://a.example/%C3%BC",
    routePrefix: "/u",
    want: ["/u", "https://a.example/%C3%BC", "/%C3%BC"],
  },
] as const;

for (const { externalUrl, routePrefix, want } of valid) {
  test(`external URL ${externalUrl} and prefix ${routePrefix} serve under "${want[0]}"`, () => {
    const place = webPlace({ externalUrl, routePrefix });
    if (place.kind === "malformed") throw new Error(place.wanted);
    const linkPrefix = place.externalUrl === undefined ? "" : pathOf(place.externalUrl);
    assert.deepEqual([place.routePrefix, place.externalUrl, linkPrefix], want);
  });
}

const malformed = [
  { externalUrl: '"http://a.example"', flag: "web.external-url" },
  { externalUrl: "a.example", flag: "web.external-url" },
  { externalUrl: "ftp://a.example/", flag: "web.external-url" },
  { externalUrl: "http://user:password@a.example/", flag: "web.external-url" },
  { externalUrl: "http://a.example/?q", flag: "web.external-url" },
  { externalUrl: "http://a.example/#x", flag: "web.external-url" },
  { externalUrl: "http://", flag: "web.external-url" },
  { externalUrl: "/a\r\nb", flag: "web.external-url" },
  { externalUrl: `http://a.example/${"a".repeat(2_000)}`, flag: "web.external-url" },
  { externalUrl: "http://a.example/:id", flag: "web.route-prefix" },
  { externalUrl: "", routePrefix: "/*any", flag: "web.route-prefix" },
  { externalUrl: "", routePrefix: "/a b", flag: "web.route-prefix" },
  { externalUrl: "", routePrefix: "/{a}", flag: "web.route-prefix" },
] as const;

for (const { externalUrl, flag, ...rest } of malformed) {
  const prefix = "routePrefix" in rest ? rest.routePrefix : undefined;
  test(`external URL ${externalUrl.slice(0, 40)} and prefix ${prefix} are refused by --${flag}`, () => {
    const place = webPlace({ externalUrl, routePrefix: prefix });
    assert.equal(place.kind === "malformed" ? place.flag : place, flag);
  });
}
