import { describe, expect, test } from "vitest";
import { cannotBind, checkBind, formatAddress, isLoopback, listenWithin, parseAddress, tokenMatches } from "./bind.ts";

test.each(["127.0.0.1", "127.1.2.3", "localhost", "::1"])("%s is loopback: no token needed", (host) => {
  expect(isLoopback(host)).toBe(true);
  expect(() => checkBind(host, { token: undefined })).not.toThrow();
});

test.each(["0.0.0.0", "::", "10.1.2.3", "driver", "127.0.0.1.evil.org"])(
  "%s is refused without a token, with the remedies",
  (host) => {
    expect(() => checkBind(host, { token: undefined })).toThrow(/INSECURE_BIND.*MILLRACE_TOKEN.*--insecure/s);
    expect(() => checkBind(host, { token: "" })).toThrow(/INSECURE_BIND/);
    expect(() => checkBind(host, { token: "secret" })).not.toThrow();
    expect(() => checkBind(host, { token: undefined, insecure: true })).not.toThrow();
  },
);

test("addresses are parsed and formatted, v6 in brackets", () => {
  expect(parseAddress("driver:7077")).toEqual({ host: "driver", port: 7077 });
  expect(formatAddress(parseAddress("[::1]:7077"))).toBe("[::1]:7077");
});

test.each(["driver", "driver:", ":7077", "driver:99999", "http://driver:7077", "a b:1", "::1:7077"])(
  "%j is no address",
  (text) => {
    expect(() => parseAddress(text)).toThrow(/BAD_ADDRESS.*host:port/);
  },
);

test("a token matches only itself, and anything if none is required", () => {
  expect(tokenMatches("a", "a")).toBe(true);
  expect(tokenMatches("a", "ab")).toBe(false);
  expect(tokenMatches("a", undefined)).toBe(false);
  expect(tokenMatches(undefined, "x")).toBe(true);
});

describe("ports of a range", () => {
  const takenBelow = (free: number, tried: number[] = []) => ({
    tried,
    listen: async (port: number): Promise<number> => {
      tried.push(port);
      if (port < free) throw cannotBind(`host:${port}`, new Error("listen EADDRINUSE"));
      return port;
    },
  });

  test("are tried in turn until one is free; without a range any is taken", async () => {
    const ports = takenBelow(7102);
    expect(await listenWithin({ first: 7100, last: 7105 }, ports.listen)).toBe(7102);
    expect(ports.tried).toEqual([7100, 7101, 7102]);
    expect(await listenWithin(undefined, async (port) => port)).toBe(0);
  });

  test("that are all in use are named, with the remedy", async () => {
    const range = { first: 7100, last: 7101 };
    await expect(listenWithin(range, takenBelow(9_999).listen)).rejects.toThrow(
      /\[BIND_FAILED\] all ports from 7100 to 7101 \(--job-ports\) are in use.*wider range/,
    );
  });

  test("are not tried further when the host is not this machine's", async () => {
    const listen = async (port: number): Promise<number> => {
      if (port > 7100) return port;
      throw cannotBind(`elsewhere:${port}`, new Error("listen EADDRNOTAVAIL"));
    };
    await expect(listenWithin({ first: 7100, last: 7105 }, listen)).rejects.toThrow(/no such address/);
  });
});
