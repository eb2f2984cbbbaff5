import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { type Clock, type EngineError, type ErrorFields, millis, unreachable } from "@millrace/base";
import { formatAddress } from "../bind.ts";
import { notADriver, peerUnreachable } from "../errors.ts";
import type { DataAddress } from "../session.ts";
import { type TlsSettings, untrusted } from "../tls.ts";

/** The result of probing an address at which a call failed. */
export type Found =
  /** No connection; in the operating system's words. */
  | { readonly kind: "nobody"; readonly why: string }
  /** HTTP/2 without TLS, as a driver speaks it. */
  | { readonly kind: "http2" }
  | { readonly kind: "http1" | "tls" | "closes" | "silent" }
  /** TLS with a certificate that this process does not trust; in the words of TLS. */
  | { readonly kind: "untrusted"; readonly why: string }
  | { readonly kind: "other"; readonly text: string };

/** The beginning of every HTTP/2 connection, and empty settings. */
const PREFACE = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);
const SETTINGS_FRAME = 4;
const TLS_ALERT = 0x15;
const SHOWN_CHARS = 40;
const SILENCE = millis(2_000);

/**
 * Dials and inspects the first bytes that arrive. Takes at most six seconds, and sends no token.
 *
 * @param tls This process's TLS settings, if it dials with TLS: the certificate is checked, too.
 */
export async function lookAt(address: DataAddress, clock: Clock, tls?: TlsSettings): Promise<Found> {
  const first = await knock(address, clock);
  // A process that is killed in this moment closes its connections, and then there is nobody.
  const found = first.kind === "closes" ? await knock(address, clock) : first;
  // A server that requires TLS may close or ignore a connection without it.
  if (found.kind !== "closes" && found.kind !== "tls") return found;
  if (found.kind === "tls" && tls === undefined) return found;
  const shown = await shakeHands(address, clock, tls);
  if (shown === "none") return found;
  return shown === "trusted" || tls === undefined ? { kind: "tls" } : { kind: "untrusted", why: shown.why };
}

/** Probes TLS at the address, and its certificate against `tls`. */
function shakeHands(
  { host, port }: DataAddress,
  clock: Clock,
  tls: TlsSettings | undefined,
): Promise<"none" | "trusted" | { readonly why: string }> {
  return new Promise((resolve) => {
    const authority = tls?.ca === undefined ? {} : { ca: tls.ca };
    const socket = connectTls({ host, port, ...authority, rejectUnauthorized: tls !== undefined }); // nothing is sent to it
    const end = (answer: "none" | "trusted" | { readonly why: string }): void => {
      silence.cancel();
      socket.destroy();
      resolve(answer);
    };
    const silence = clock.after(SILENCE, () => end("none"));
    socket.once("secureConnect", () => end("trusted"));
    socket.once("close", () => end("none"));
    socket.on("error", (error) => end(socket.authorizationError ? { why: error.message } : "none"));
  });
}

function knock({ host, port }: DataAddress, clock: Clock): Promise<Found> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    let connected = false;
    const found = (what: Found): void => {
      silence.cancel();
      socket.destroy();
      resolve(what);
    };
    const silence = clock.after(SILENCE, () =>
      found(connected ? { kind: "silent" } : { kind: "nobody", why: `no answer within ${SILENCE} ms` }),
    );
    socket.once("connect", () => {
      connected = true;
      socket.write(PREFACE);
    });
    socket.once("data", (bytes: Buffer) => found(recognise(bytes)));
    socket.once("end", () => found({ kind: "closes" }));
    socket.once("error", (error: NodeJS.ErrnoException) => {
      const closed = connected || error.code === "ECONNRESET" || error.code === "EPIPE"; // perhaps before we noticed that it had accepted us
      found(closed ? { kind: "closes" } : { kind: "nobody", why: error.message });
    });
  });
}

function recognise(bytes: Buffer): Found {
  if (bytes[3] === SETTINGS_FRAME && bytes[0] === 0) return { kind: "http2" };
  if (bytes[0] === TLS_ALERT && bytes[1] === 3) return { kind: "tls" };
  const text = bytes.toString("latin1");
  if (/^HTTP\/1|^\s*<(!doctype|html)/i.test(text)) return { kind: "http1" };
  return { kind: "other", text: (/^[\x20-\x7e]*/.exec(text)?.[0] ?? "").slice(0, SHOWN_CHARS) };
}

const CHECK = "Check the address, that the process is running there, and that no firewall blocks the port.";
const ADVERTISED =
  " The driver gave this address for the job; if the host is wrong, correct --advertise of the driver.";
const OWN_PORT = "Give the port that the driver reports (7077 by default; 4040 is for its health checks).";

/** The error for a finding. @param details The transport's message about the call. */
export function notReached(
  address: DataAddress,
  found: Found,
  options: { details: string; tls: boolean; advertised: boolean },
): EngineError {
  const where = formatAddress(address);
  const fields = { address: where, found: found.kind };
  const other = (what: string, remedy = OWN_PORT): EngineError =>
    notADriver(`${where} is not a Millrace driver: ${what}. ${remedy}`, { fields });
  switch (found.kind) {
    case "nobody":
      return peerUnreachable(
        `nothing answers at ${where}: ${found.why}. ${CHECK}${options.advertised ? ADVERTISED : ""}`,
        { fields },
      );
    case "http2":
      return options.tls
        ? other(
            "it answers without TLS, but this process dials with TLS",
            "Turn TLS on there (--tls-cert, --tls-key), or off here.",
          )
        : silentCall(where, options.details, fields);
    case "http1":
      return other("an HTTP server answers there");
    case "tls":
      if (options.tls) return silentCall(where, options.details, fields);
      return other(
        "it requires TLS, but this process dials without TLS",
        "If the driver was started with --tls-cert, give --tls-ca or set MILLRACE_TLS_CA; if a proxy in front of it requires TLS, give the address behind the proxy.",
      );
    case "untrusted":
      return untrusted(where, found.why);
    case "closes":
      return other(
        "it accepts connections and closes them without a reply",
        `${OWN_PORT} A proxy in front of a driver that is not up yet does the same, and so does a driver that dies in this moment: look at its log, and try again.`,
      );
    case "silent":
      return other(
        "it accepts connections and sends nothing",
        `${OWN_PORT} A proxy in front of a driver that is not up yet does the same.`,
      );
    case "other":
      return other(`its answer begins with ${JSON.stringify(found.text)}`);
    default:
      return unreachable(found);
  }
}

function silentCall(where: string, details: string, fields: ErrorFields): EngineError {
  return peerUnreachable(
    `${where} accepts connections but did not answer a call: ${details}. It may be starting, overloaded or shutting down. Look at its log.`,
    { fields },
  );
}
