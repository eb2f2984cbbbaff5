import { createHash, timingSafeEqual } from "node:crypto";
import { EngineError } from "@millrace/base";
import { badAddress, bindFailed, insecureBind } from "./errors.ts";
import type { DataAddress } from "./session.ts";

/** The security of a server: token, TLS, or neither. */
export interface Security {
  /** The token that every caller must present; `undefined`: anyone may call, which is refused beyond loopback. */
  readonly token: string | undefined;
  /** Explicit choice of the operator: listen beyond loopback without a token. */
  readonly insecure?: boolean;
}

/** True if an address is reachable only from this machine. Names other than `localhost` count as not loopback. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * Ensures that nothing listens beyond loopback without a token.
 *
 * @throws INSECURE_BIND The host is not loopback, there is no token and `insecure` is not set.
 */
export function checkBind(host: string, security: Security): void {
  if (isLoopback(host) || (security.token !== undefined && security.token !== "") || security.insecure === true) return;
  throw insecureBind(
    `refusing to listen on ${host} without a token: anyone who reaches the port could run code here. Nothing was started. ` +
      `Set MILLRACE_TOKEN (or --token-file) to the same secret on every process, bind to 127.0.0.1, or pass --insecure on a network you trust.`,
    { fields: { host } },
  );
}

/**
 * Parses `host:port` or `[v6]:port`.
 *
 * @throws BAD_ADDRESS Anything else, or a port outside 0..65535.
 */
export function parseAddress(text: string): DataAddress {
  const match = /^(?:\[([0-9a-fA-F:.%]+)\]|([^:\s/]+)):(\d{1,5})$/.exec(text.trim());
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || !(port <= 65_535)) {
    throw badAddress(`${JSON.stringify(text)} is not an address. Give host:port, such as localhost:7077.`);
  }
  return { host, port };
}

/** The inverse of {@link parseAddress}. */
export function formatAddress(address: DataAddress): string {
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return `${host}:${address.port}`;
}

/** Constant-time comparison. Without an expected token everything matches. */
export function tokenMatches(expected: string | undefined, given: string | undefined): boolean {
  if (expected === undefined || expected === "") return true;
  return timingSafeEqual(digest(expected), digest(given ?? ""));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text, "utf8").digest();
}

/** Ports from `first` to `last`, inclusive. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/**
 * Listens on the first free port of a range; without a range on any free port.
 *
 * @throws BIND_FAILED No port of the range is free, or the host is not this machine's.
 */
export async function listenWithin<T>(range: PortRange | undefined, listen: (port: number) => Promise<T>): Promise<T> {
  if (range === undefined) return listen(0);
  for (let port = range.first; port <= range.last; port++) {
    try {
      return await listen(port);
    } catch (error) {
      if (!(error instanceof EngineError && error.fields.inUse === true)) throw error;
    }
  }
  const { first, last } = range;
  throw bindFailed(
    `all ports from ${first} to ${last} (--job-ports) are in use. Each job listens on two of them. The job was not started; ` +
      "end a job, or start the driver with a wider range.",
    { fields: { first, last } },
  );
}

/** The error for an address on which nothing can listen. */
export function cannotBind(wanted: string, cause: Error): Error {
  const inUse = /EADDRINUSE/.test(cause.message);
  const why = inUse
    ? "the port is in use. Choose another with --port (0 takes any free one), or stop the process that listens there"
    : /EADDRNOTAVAIL|ENOTFOUND/.test(cause.message)
      ? "this machine has no such address. Choose one of its own with --host"
      : `${cause.message}. Choose another host or port`;
  return bindFailed(`cannot listen on ${wanted}: ${why}. Nothing was started.`, {
    fields: { address: wanted, inUse },
    cause,
  });
}
