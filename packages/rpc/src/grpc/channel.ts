import { isIP } from "node:net";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import { type ChannelCredentials, type ChannelOptions, credentials, Metadata, ServerCredentials } from "@grpc/grpc-js";
import type { Clock, EngineError } from "@millrace/base";
import { type Security, tokenMatches } from "../bind.ts";
import { versionsDiffer, wrongToken } from "../refusals.ts";
import { type DataAddress, PROTOCOL_VERSION } from "../session.ts";
import { serverCertificate, type TlsSettings } from "../tls.ts";

/** Queued messages are sent as one group up to about this size; a larger message is sent alone. */
export const GROUP_BYTES: number = 1 << 20;
/**
 * The largest single message, such as a stage's captured values. A larger one is refused, and the error names
 * broadcasts as the remedy.
 */
export const MESSAGE_BYTES_MAX: number = 16 << 20;

/** A server's address, and the security of the connection to it. */
export interface DialOptions {
  readonly address: DataAddress;
  readonly token: string | undefined;
  readonly tls?: TlsSettings;
  /** Until the server has accepted the call. Default 5000. */
  readonly connectTimeoutMs?: number;
  readonly clock?: Clock;
  /** The driver gave this address, and no user did. Default false. */
  readonly advertised?: boolean;
}

/** The address on which a server listens; port 0 means any free port. */
export interface ListenOptions extends Security {
  readonly host: string;
  readonly port: number;
  readonly tls?: TlsSettings;
}

/** A ping after this long, with each side's own timeout for the answer: a vanished peer is noticed after their sum. */
const KEEPALIVE_TIME_MS = 2_000;
/** A driver that stalls for longer loses its executors, with all that they hold. */
const DRIVER_SILENCE_MS = 10_000;
/** Executors are judged by their heartbeats and `executor.timeout`; this only cleans up unwatched connections. */
const CLIENT_SILENCE_MS = 300_000;

const common: ChannelOptions = {
  "grpc.keepalive_time_ms": KEEPALIVE_TIME_MS,
  "grpc.max_send_message_length": MESSAGE_BYTES_MAX + GROUP_BYTES,
  "grpc.max_receive_message_length": MESSAGE_BYTES_MAX + GROUP_BYTES,
  // The default window of 64 KB would make a 1 MB group take several round trips.
  "grpc-node.flow_control_window": 4 << 20,
};

/** Channelz stays on: without it grpc-js 1.14 loses track of its connections and `forceShutdown` ends none of them. */
export const serverOptions: ChannelOptions = { ...common, "grpc.keepalive_timeout_ms": CLIENT_SILENCE_MS };

const clientOptions: ChannelOptions = {
  ...common,
  "grpc.keepalive_timeout_ms": DRIVER_SILENCE_MS,
  "grpc.enable_channelz": 0,
  "grpc.keepalive_permit_without_calls": 1,
  "grpc.use_local_subchannel_pool": 1, // another session's failure to connect must not cause back-off here
  "grpc.enable_retries": 0, // a session is never replayed
  "grpc.enable_http_proxy": 0, // traffic within a cluster must not use a web proxy
  "grpc.service_config_disable_resolution": 1,
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 1_000,
};

/**
 * The options for a channel to `host`: TLS has no names for addresses, so an address gets a substitute name, and the
 * certificate is compared to the address nevertheless.
 */
export function clientChannel(
  { host }: DataAddress,
  tls: TlsSettings | undefined,
): { readonly credentials: ChannelCredentials; readonly options: ChannelOptions } {
  if (tls === undefined) return { credentials: credentials.createInsecure(), options: clientOptions };
  const isName = isIP(host) === 0;
  const verify = isName
    ? {}
    : { checkServerIdentity: (_: string, cert: PeerCertificate) => checkServerIdentity(host, cert) };
  return {
    credentials: credentials.createSsl(pem(tls.ca), pem(tls.key), pem(tls.cert), verify),
    options: isName ? clientOptions : { ...clientOptions, "grpc.ssl_target_name_override": "millrace" },
  };
}

/** @throws BAD_TLS A certificate or key is missing. */
export function serverCredentials(tls: TlsSettings | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const { cert, key } = serverCertificate(tls);
  return ServerCredentials.createSsl(pem(tls.ca), [{ private_key: Buffer.from(key), cert_chain: Buffer.from(cert) }]);
}

const pem = (text: string | undefined): Buffer | null => (text === undefined ? null : Buffer.from(text, "utf8"));

const VERSION_KEY = "millrace-protocol";
const TOKEN_KEY = "authorization";

/** The metadata of every call. */
export function callMetadata(token: string | undefined): Metadata {
  const metadata = new Metadata();
  metadata.set(VERSION_KEY, String(PROTOCOL_VERSION));
  if (token !== undefined && token !== "") metadata.set(TOKEN_KEY, `Bearer ${token}`);
  return metadata;
}

/** Why a call is refused, before anything of it is read; `undefined` if it is accepted. */
export function refusal(metadata: Metadata, token: string | undefined): EngineError | undefined {
  const given = text(metadata, TOKEN_KEY)?.replace(/^Bearer /i, "");
  if (!tokenMatches(token, given)) return wrongToken(given === undefined);
  const version = text(metadata, VERSION_KEY);
  if (version !== String(PROTOCOL_VERSION)) return versionsDiffer(version ?? "none");
  return undefined;
}

function text(metadata: Metadata, key: string): string | undefined {
  const [value] = metadata.get(key);
  return value === undefined ? undefined : String(value);
}
