import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { logTroubles } from "./log.ts";

const module = new URL("../dist/log.js", import.meta.url).href;
const script = `
  import { createLogger } from ${JSON.stringify(module)};
  createLogger({ name: "driver" }).warn({ job: "j-1", token: "secret" }, "[CODE] said");
`;

async function logged(env: Readonly<Record<string, string>>): Promise<string> {
  const { MILLRACE_LOG: _, MILLRACE_LOG_FORMAT: __, ...rest } = process.env;
  const args = ["--input-type=module", "--eval", script];
  return (await promisify(execFile)(process.execPath, args, { env: { ...rest, ...env } })).stderr;
}

test("a log in a pipe is one object a line, without secrets", async () => {
  const line = await logged({});
  expect(JSON.parse(line)).toMatchObject({
    level: 40,
    name: "driver",
    job: "j-1",
    token: "[redacted]",
    msg: "[CODE] said",
  });
});

test("MILLRACE_LOG_FORMAT makes it readable, and anything else in it changes nothing", async () => {
  expect(await logged({ MILLRACE_LOG_FORMAT: "pretty" })).toMatch(
    /^\[\d\d:\d\d:\d\d\.\d{3}\] WARN \(driver\): \[CODE\] said\n/,
  );
  expect(JSON.parse(await logged({ MILLRACE_LOG_FORMAT: "fancy" }))).toMatchObject({ msg: "[CODE] said" });
});

test("an invalid level leaves the default", async () => {
  expect(JSON.parse(await logged({ MILLRACE_LOG: "loud" }))).toMatchObject({ msg: "[CODE] said" });
});

test("invalid log settings are reported", () => {
  expect(logTroubles({ MILLRACE_LOG: "warn", MILLRACE_LOG_FORMAT: "json" })).toEqual([]);
  expect(logTroubles({ MILLRACE_LOG: "loud", MILLRACE_LOG_FORMAT: "fancy" })).toEqual([
    "MILLRACE_LOG=loud is ignored: valid values are trace, debug, info, warn, error, silent",
    "MILLRACE_LOG_FORMAT=fancy is ignored: valid values are pretty, json",
  ]);
});
