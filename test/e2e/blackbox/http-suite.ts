import { HTTP_CASES } from "./http-cases.ts";
import { HTTP_CONTENT_CASES } from "./http-content-cases.ts";
import { HTTP_PROXY_CASES } from "./http-proxy-cases.ts";
import { openHttpServers } from "./http-server.ts";
import { HTTP_TARGET_CASES } from "./http-target-cases.ts";
import { HTTP_TLS_CASES } from "./http-tls-cases.ts";
import { closeAll } from "./listening.ts";
import type { ParitySuite } from "./parity-case.ts";
import { openProxy } from "./proxy-server.ts";
import { openRawServer } from "./raw-server.ts";
import { openTlsServers } from "./tls-servers.ts";

/** Everything that HTTP without TLS shows. */
export const HTTP_SUITE: ParitySuite = {
  name: "http",
  cases: [...HTTP_CASES, ...HTTP_CONTENT_CASES, ...HTTP_TARGET_CASES],
  open: async () => {
    const closes = await Promise.all([openHttpServers(), openRawServer()]);
    return () => closeAll(closes);
  },
};

/** What comes with TLS, HTTP/2 among it. */
export const HTTP_TLS_SUITE: ParitySuite = {
  name: "http over TLS",
  cases: HTTP_TLS_CASES,
  open: async (certificates) => {
    const closes = await Promise.all([openHttpServers(), openTlsServers(certificates)]);
    return () => closeAll(closes);
  },
};

/** Both through a proxy. */
export const HTTP_PROXY_SUITE: ParitySuite = {
  name: "http through a proxy",
  cases: HTTP_PROXY_CASES,
  open: async (certificates) => {
    const closes = await Promise.all([
      openHttpServers(),
      openTlsServers(certificates),
      openProxy(),
    ]);
    return () => closeAll(closes);
  },
};
