import { type handleBidiStreamingCall, logVerbosity, Metadata, Server, setLogVerbosity } from "@grpc/grpc-js";
import { millis, SystemClock } from "@millrace/base";
import { cannotBind, checkBind, formatAddress } from "../bind.ts";
import { sessionLost } from "../errors.ts";
import type { DataAddress, Session } from "../session.ts";
import { type ListenOptions, refusal, serverCredentials, serverOptions } from "./channel.ts";
import { errorToStatus } from "./status.ts";
import { type StreamCodec, StreamSession } from "./stream-session.ts";

setLogVerbosity(logVerbosity.NONE); // what it would print on standard error is reported as typed errors

/** A server that listens. */
export interface RpcServer {
  /** The actual port, even if 0 was requested. */
  readonly address: DataAddress;
  /** Takes no new calls, gives running ones `graceMs` (default 0) to end, then cuts them off. */
  close(graceMs?: number): Promise<void>;
}

/**
 * @throws INSECURE_BIND The host is not loopback and there is no token.
 * @throws BIND_FAILED The port is in use or the host is not this machine's.
 */
export async function startServer(options: ListenOptions, addServices: (server: Server) => void): Promise<RpcServer> {
  checkBind(options.host, options);
  const server = new Server(serverOptions);
  addServices(server);
  const port = await bind(server, options);
  return { address: { host: options.host, port }, close: (graceMs = 0) => shutDown(server, graceMs) };
}

function bind(server: Server, options: ListenOptions): Promise<number> {
  const wanted = formatAddress(options);
  const credentials = serverCredentials(options.tls);
  return new Promise((resolve, reject) => {
    server.bindAsync(wanted, credentials, (error, port) => {
      if (error === null) resolve(port);
      else reject(cannotBind(wanted, error));
    });
  });
}

function shutDown(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cutOff = new SystemClock({ unref: true }).after(millis(graceMs), () => server.forceShutdown());
    server.tryShutdown(() => {
      cutOff.cancel();
      resolve();
    });
  });
}

/** The peer of an accepted session. */
export interface PeerInfo {
  /** `address:port` as the transport sees it. */
  readonly peer: string;
}

/** The server's side of a stream on which messages travel in groups. */
export type SessionHandler<WireOut, WireIn> = handleBidiStreamingCall<
  { readonly messages: readonly WireIn[]; readonly last: boolean },
  { messages?: WireOut[] }
>;

/** Serves one kind of session: refuses callers as required, and passes the others on. */
export function sessionHandler<Out, In, WireOut, WireIn>(
  codec: StreamCodec<Out, In, WireOut, WireIn>,
  token: string | undefined,
  onSession: (session: Session<Out, In>, info: PeerInfo) => void,
): SessionHandler<WireOut, WireIn> {
  return (call) => {
    const refused = refusal(call.metadata, token);
    if (refused !== undefined) {
      call.emit("error", errorToStatus(refused));
      return;
    }
    const peer = call.getPeer();
    const session = new StreamSession<Out, In, WireOut, WireIn>(codec, {
      write: (group) => call.write(group),
      finish: () => call.end(),
      abort: (error) => void call.emit("error", errorToStatus(error)),
    });
    call.on("data", (group) => {
      session.received(group);
      if (!group.last) return;
      session.ended(undefined);
      call.end();
    });
    call.on("drain", () => session.drained());
    const lost = (why: string): void =>
      session.ended(sessionLost(`the connection to ${peer} was lost: ${why}.`, { fields: { peer } }));
    // HTTP/2 ends a stream with a broken connection as if its sender had finished: only `last` marks an orderly end.
    call.on("end", () => lost("the peer went away without closing it"));
    call.on("cancelled", () => lost("the peer ended it, or does not answer"));
    call.on("error", (error) => lost(error.message));
    call.sendMetadata(new Metadata()); // tells the caller that it is accepted, before there is anything to send
    onSession(session, { peer });
  };
}
