import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseMaster } from "./master.ts";
import {
  addSetting,
  checkConf,
  driverAddress,
  parseCount,
  parseHost,
  parsePort,
  parsePorts,
  readToken,
} from "./values.ts";

describe("a master", () => {
  test.each([
    ["local", { kind: "local", slots: 1 }],
    ["local[3]", { kind: "local", slots: 3 }],
    ["local[*]", { kind: "local", slots: 8 }],
    ["local-cluster[2,4]", { kind: "local-cluster", executors: 2, slots: 4 }],
    [" local-cluster[ 2 , 4 ] ", { kind: "local-cluster", executors: 2, slots: 4 }],
  ])("%j is accepted", (text, master) => {
    expect(parseMaster(text, 8)).toEqual(master);
  });
  test.each([
    ["", /Write local, local\[N\]/],
    ["locl[2]", /Write local, local\[N\]/],
    ["local[]", /Write local/],
    ["local[0]", /requests 0 slots\. Use 1 to 256/],
    ["local[1000]", /Use 1 to 256/],
    ["local-cluster[2]", /local-cluster\[E,S\]/],
    ["local-cluster[2,1,1024]", /third number that Spark takes/],
    ["local-cluster[0,1]", /requests 0 executors/],
    ["spark://host:7077", /millrace submit/],
    ["host:7077", /millrace submit/],
  ])("%j is refused with the remedy", (text, message) => {
    expect(() => parseMaster(text, 8)).toThrow(message);
    expect(() => parseMaster(text, 8)).toThrow(/^\[BAD_MASTER\]/);
  });
});

describe("a driver's address", () => {
  test("comes from the environment when the option is absent, and the option wins", () => {
    expect(driverAddress(undefined, { MILLRACE_DRIVER: "a:1" })).toBe("a:1");
    expect(driverAddress("b:2", { MILLRACE_DRIVER: "a:1" })).toBe("b:2");
  });
  test("that is missing is requested", () => {
    expect(() => driverAddress(undefined, {})).toThrow(/^\[DRIVER_UNKNOWN\].*MILLRACE_DRIVER/);
  });
});

describe("settings", () => {
  test("are collected, and a value may hold an equals sign", () => {
    expect(addSetting("b = x=y", { a: "1" })).toEqual({ a: "1", b: "x=y" });
  });
  test("without an equals sign or a name are refused", () => {
    expect(() => addSetting("a", {})).toThrow(/^\[BAD_USAGE\].*name=value/);
    expect(() => addSetting("=a", {})).toThrow(/^\[BAD_USAGE\]/);
  });
  test("that do not exist are refused together", () => {
    expect(() => checkConf({ "task.attempts": "2", "stop.timeout": "never" })).toThrow(
      /stop\.timeout: .*task\.attempts: /,
    );
  });
});

describe("a host", () => {
  test.each(["node-1", "node_1.example", "10.0.0.7", "::1"])("%s is valid", (text) =>
    expect(parseHost(text)).toBe(text),
  );
  test.each(["", "foo bar", "127.0.0.1:99", "http://a", "a/b"])("%j is none", (text) =>
    expect(() => parseHost(text)).toThrow(/^\[BAD_USAGE\].*without a port/),
  );
});

describe("numbers", () => {
  test.each(["0", "7077", "65535"])("%s is a port", (text) => expect(parsePort(text)).toBe(Number(text)));
  test.each(["-1", "65536", "7077x", "", "1e3"])("%j is no port", (text) =>
    expect(() => parsePort(text)).toThrow(/^\[BAD_USAGE\]/),
  );
  test.each(["0", "-2", "1.5", "x", ""])("%j is no count", (text) => {
    expect(() => parseCount("--batches")(text)).toThrow(/^\[BAD_USAGE\] --batches/);
  });
});

describe("a token", () => {
  const inFile = (text: string, use: (file: string) => void) => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-token-"));
    try {
      writeFileSync(join(folder, "token"), text);
      use(join(folder, "token"));
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
  test("is the first line of its file, which wins over the environment", () => {
    inFile("s3cret\r\nother\n", (file) => expect(readToken(file, { MILLRACE_TOKEN: "env" })).toBe("s3cret"));
    expect(readToken(undefined, { MILLRACE_TOKEN: "env" })).toBe("env");
    expect(readToken(undefined, { MILLRACE_TOKEN: "" })).toBeUndefined();
  });
  test("may end in a line break, as secrets that are mounted into the environment do", () => {
    expect(readToken(undefined, { MILLRACE_TOKEN: "env\n" })).toBe("env");
    expect(readToken(undefined, { MILLRACE_TOKEN: "\n" })).toBeUndefined();
  });
  test("that cannot be sent in a header is refused without showing it", () => {
    for (const token of ["schl\u00fcssel", "two\nlines"]) {
      expect(() => readToken(undefined, { MILLRACE_TOKEN: token })).toThrow(
        /^\[TOKEN_UNREADABLE\] The token in MILLRACE_TOKEN contains/,
      );
      expect(() => readToken(undefined, { MILLRACE_TOKEN: token })).not.toThrow(token);
    }
  });
  test("from an empty or absent file is refused", () => {
    inFile(" \n", (file) => expect(() => readToken(file, {})).toThrow(/is empty/));
    expect(() => readToken("/nowhere/token", {})).toThrow(/^\[TOKEN_UNREADABLE\].*ENOENT/);
  });
});

describe("a range of ports", () => {
  test("is first and last", () => expect(parsePorts("7100-7199")).toEqual({ first: 7100, last: 7199 }));
  test.each(["7100", "7100-", "7100-7100", "7199-7100", "0-9", "7100-70000", "a-b"])("%j is refused", (text) => {
    expect(() => parsePorts(text)).toThrow(/\[BAD_USAGE\] --job-ports .*first-last, such as 7100-7199/);
  });
});
