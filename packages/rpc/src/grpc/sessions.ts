import type { ClusterSession, FromMember, MemberSession, ToMember } from "../cluster.ts";
import type {
  FromMember as FromMemberInput,
  FromMember__Output as FromMemberOutput,
} from "../gen/millrace/cluster/v1/FromMember.ts";
import type {
  ToMember as ToMemberInput,
  ToMember__Output as ToMemberOutput,
} from "../gen/millrace/cluster/v1/ToMember.ts";
import type {
  FromExecutor as FromExecutorInput,
  FromExecutor__Output as FromExecutorOutput,
} from "../gen/millrace/session/v1/FromExecutor.ts";
import type {
  ToExecutor as ToExecutorInput,
  ToExecutor__Output as ToExecutorOutput,
} from "../gen/millrace/session/v1/ToExecutor.ts";
import type { DriverSession, ExecutorSession, FromExecutor, ToExecutor } from "../session.ts";
import { decodeFromMember, decodeToMember, encodeFromMember, encodeToMember } from "../wire/cluster.ts";
import { decodeFromExecutor, encodeFromExecutor } from "../wire/from-executor.ts";
import { splitFromExecutor, splitToExecutor } from "../wire/split.ts";
import { decodeToExecutor, encodeToExecutor } from "../wire/to-executor.ts";
import { type DialOptions, GROUP_BYTES, type ListenOptions } from "./channel.ts";
import { openSession } from "./client.ts";
import { type PeerInfo, type RpcServer, type SessionHandler, sessionHandler, startServer } from "./server.ts";
import { clusterService, sessionService } from "./services.ts";
import type { StreamCodec } from "./stream-session.ts";

const driverEnd: StreamCodec<ToExecutor, FromExecutor, ToExecutorInput, FromExecutorOutput> = {
  encode: (message) => splitToExecutor(encodeToExecutor(message), GROUP_BYTES),
  decode: decodeFromExecutor,
};

const executorEnd: StreamCodec<FromExecutor, ToExecutor, FromExecutorInput, ToExecutorOutput> = {
  encode: (message) => splitFromExecutor(encodeFromExecutor(message), GROUP_BYTES),
  decode: decodeToExecutor,
};

const clusterEnd: StreamCodec<ToMember, FromMember, ToMemberInput, FromMemberOutput> = {
  encode: (message) => [encodeToMember(message)],
  decode: decodeFromMember,
};

const memberEnd: StreamCodec<FromMember, ToMember, FromMemberInput, ToMemberOutput> = {
  encode: (message) => [encodeFromMember(message)],
  decode: decodeToMember,
};

/**
 * The job driver's side: listens for its executor processes.
 *
 * A caller with a wrong token or another protocol version is refused before `onSession` is called.
 *
 * @throws INSECURE_BIND, BIND_FAILED, BAD_TLS
 */
export function listenSessions(
  options: ListenOptions & { readonly onSession: (session: ExecutorSession, info: PeerInfo) => void },
): Promise<RpcServer> {
  return startServer(options, (server) =>
    server.addService(sessionService, { Open: sessionHandler(driverEnd, options.token, options.onSession) }),
  );
}

/** The executor process's side. Failures and losses are reported by `onClose`. */
export function dialDriver(options: DialOptions): DriverSession {
  return openSession(sessionService.Open, executorEnd, { ...options, advertised: true });
}

/** A handler of the cluster service for a server that offers several. */
export function clusterHandler(
  token: string | undefined,
  onMember: (session: MemberSession, info: PeerInfo) => void,
): { readonly Open: SessionHandler<ToMemberInput, FromMemberOutput> } {
  return { Open: sessionHandler(clusterEnd, token, onMember) };
}

/** The executor supervisor's side. Failures and losses are reported by `onClose`. */
export function dialCluster(options: DialOptions): ClusterSession {
  return openSession(clusterService.Open, memberEnd, options);
}
