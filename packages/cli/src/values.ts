import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { parseConf } from "@millrace/base";
import type { PortRange } from "@millrace/rpc";
import type { StateRow } from "./engine.ts";
import { badUsage, driverUnknown, tokenUnreadable } from "./errors.ts";

/** A port option: 0 means any free port. */
export function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw badUsage(`${JSON.stringify(text)} is not a port. Give a number from 0 (any free port) to 65535.`);
}

/** A range of ports as an option, `first-last`: at least two, since a job needs two. */
export function parsePorts(text: string): PortRange {
  const [, first, last] = /^(\d{1,5})-(\d{1,5})$/.exec(text)?.map(Number) ?? [];
  if (first !== undefined && last !== undefined && first >= 1 && last <= 65_535 && last > first) return { first, last };
  throw badUsage(
    `--job-ports ${JSON.stringify(text)} is not a range of ports. Give first-last, such as 7100-7199: two ports for each job.`,
  );
}

/** A count as an option, at least 1. */
export function parseCount(what: string, max = 1_000_000_000): (text: string) => number {
  return (text) => {
    const n = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (n >= 1 && n <= max) return n;
    throw badUsage(`${what} ${JSON.stringify(text)} is not a count. Give a whole number from 1 to ${max}.`);
  };
}

/** Adds one `--conf name=value`; the settings are checked together by {@link checkConf}. */
export function addSetting(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const at = text.indexOf("=");
  if (at > 0) return { ...before, [text.slice(0, at).trim()]: text.slice(at + 1).trim() };
  throw badUsage(
    `--conf ${JSON.stringify(text)} has no "=". Write --conf name=value, for example --conf task.attempts.max=2.`,
  );
}

/** @throws BAD_CONFIGURATION All wrong settings at once. */
export function checkConf(conf: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  parseConf(conf);
  return conf;
}

/** The driver to connect to: `--driver`, else `MILLRACE_DRIVER`. The connection checks the address. */
export function driverAddress(given: string | undefined, env: NodeJS.ProcessEnv): string {
  const text = given ?? env.MILLRACE_DRIVER;
  if (text !== undefined && text !== "") return text;
  throw driverUnknown(
    "No driver is given. Use --driver HOST:PORT or set MILLRACE_DRIVER; a driver on this machine is at 127.0.0.1:7077 by default.",
  );
}

/**
 * The cluster's token: the first line of `--token-file`, else `MILLRACE_TOKEN`, else none. Surrounding space is
 * ignored.
 */
export function readToken(file: string | undefined, env: NodeJS.ProcessEnv): string | undefined {
  if (file === undefined) return usable(env.MILLRACE_TOKEN?.trim() ?? "", "MILLRACE_TOKEN") || undefined;
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw tokenUnreadable(`The token file ${file} could not be read: ${reason}. Name a file that this user may read.`, {
      cause: error,
    });
  }
  const token = text.split(/\r?\n/, 1)[0]?.trim() ?? "";
  if (token !== "") return usable(token, `the file ${file}`);
  throw tokenUnreadable(`The token file ${file} is empty. Put the cluster's token on its first line.`);
}

/** The token travels in a header of every call. Messages must not show it. */
function usable(token: string, where: string): string {
  if (/^[\x20-\x7e]*$/.test(token)) return token;
  throw tokenUnreadable(
    `The token in ${where} contains characters that cannot be sent in a header. Choose a token of ASCII letters, digits and punctuation, on one line.`,
  );
}

/** A host name or an IP address, without a port. @throws BAD_USAGE */
export function parseHost(text: string): string {
  if (isIP(text) !== 0 || /^[\w-]+(\.[\w-]+)*$/.test(text)) return text;
  throw badUsage(
    `${JSON.stringify(text)} is not a host. Give a name or an IP address without a port, such as node-1 or 10.0.0.7.`,
  );
}

/** A batch as an option: its time, in milliseconds since 1970, or as a date. */
export function parseBatch(what: string): (text: string) => number {
  return (text) => {
    const time = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
    if (Number.isSafeInteger(time) && time >= 0) return time;
    throw badUsage(
      `${what} ${JSON.stringify(text)} is not the time of a batch. Give milliseconds since 1970, or a date such as 2026-11-30T12:00:00Z.`,
    );
  };
}

/** A key as an argument: JSON, else the text itself. */
export function parseKey(text: string): StateRow["key"] {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
