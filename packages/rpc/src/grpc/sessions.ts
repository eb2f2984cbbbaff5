import type { ClusterSession, FromNode, NodeSession, ToNode } from "../cluster.ts";
import type {
  FromNode as FromNodeInput,
  FromNode__Output as FromNodeOutput,
} from "../gen/millrace/cluster/v1/FromNode.ts";
import type { ToNode as ToNodeInput, ToNode__Output as ToNodeOutput } from "../gen/millrace/cluster/v1/ToNode.ts";
import type {
  FromExecutor as FromExecutorInput,
  FromExecutor__Output as FromExecutorOutput,
} from "../gen/millrace/session/v1/FromExecutor.ts";
import type {
  ToExecutor as ToExecutorInput,
  ToExecutor__Output as ToExecutorOutput,
} from "../gen/millrace/session/v1/ToExecutor.ts";
import type { DriverSession, ExecutorSession, FromExecutor, ToExecutor } from "../session.ts";
import { decodeFromNode, decodeToNode, encodeFromNode, encodeToNode } from "../wire/cluster.ts";
import { decodeFromExecutor, encodeFromExecutor } from "../wire/from-executor.ts";
import { splitFromExecutor, splitToExecutor } from "../wire/split.ts";
import { decodeToExecutor, encodeToExecutor } from "../wire/to-executor.ts";
import { type DialOptions, GROUP_BYTES, type ListenOptions } from "./channel.ts";
import { openSession } from "./client.ts";
import { type PeerInfo, type RpcServer, type SessionHandler, sessionHandler, startServer } from "./server.ts";
import { nodeService, sessionService } from "./services.ts";
import type { StreamCodec } from "./stream-session.ts";

const driverEnd: StreamCodec<ToExecutor, FromExecutor, ToExecutorInput, FromExecutorOutput> = {
  encode: (message) => splitToExecutor(encodeToExecutor(message), GROUP_BYTES),
  decode: decodeFromExecutor,
};

const executorEnd: StreamCodec<FromExecutor, ToExecutor, FromExecutorInput, ToExecutorOutput> = {
  encode: (message) => splitFromExecutor(encodeFromExecutor(message), GROUP_BYTES),
  decode: decodeToExecutor,
};

const clusterEnd: StreamCodec<ToNode, FromNode, ToNodeInput, FromNodeOutput> = {
  encode: (message) => [encodeToNode(message)],
  decode: decodeFromNode,
};

const nodeEnd: StreamCodec<FromNode, ToNode, FromNodeInput, ToNodeOutput> = {
  encode: (message) => [encodeFromNode(message)],
  decode: decodeToNode,
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
  return openSession(sessionService.Open, executorEnd, options);
}

/** A handler of the node service for a server that offers several. */
export function nodeHandler(
  token: string | undefined,
  onNode: (session: NodeSession, info: PeerInfo) => void,
): { readonly Open: SessionHandler<ToNodeInput, FromNodeOutput> } {
  return { Open: sessionHandler(clusterEnd, token, onNode) };
}

/** The executor supervisor's side. Failures and losses are reported by `onClose`. */
export function dialCluster(options: DialOptions): ClusterSession {
  return openSession(nodeService.Open, nodeEnd, options);
}
