import { expect, test } from "vitest";
import { checkBind, formatAddress, isLoopback, parseAddress, tokenMatches } from "./bind.ts";

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

test("addresses are read and written, v6 in brackets", () => {
  expect(parseAddress("driver:7077")).toEqual({ host: "driver", port: 7077 });
  expect(formatAddress(parseAddress("[::1]:7077"))).toBe("[::1]:7077");
});

test.each(["driver", "driver:", ":7077", "driver:99999", "http://driver:7077", "a b:1", "::1:7077"])(
  "%j is no address",
  (text) => {
    expect(() => parseAddress(text)).toThrow(/BAD_ADDRESS.*host:port/);
  },
);

test("a token matches itself only, and anything when none is asked for", () => {
  expect(tokenMatches("a", "a")).toBe(true);
  expect(tokenMatches("a", "ab")).toBe(false);
  expect(tokenMatches("a", undefined)).toBe(false);
  expect(tokenMatches(undefined, "x")).toBe(true);
});
