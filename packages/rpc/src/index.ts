export {
  checkBind,
  formatAddress,
  isLoopback,
  parseAddress,
  type Security,
  type TlsSettings,
  tokenMatches,
} from "./bind.ts";
export * from "./cluster.ts";
export * from "./errors.ts";
export { type DialOptions, type ListenOptions } from "./grpc/channel.ts";
export { type OperatorClient, operatorClient } from "./grpc/operator-client.ts";
export { listenCluster } from "./grpc/operator-server.ts";
export type { PeerInfo, RpcServer } from "./grpc/server.ts";
export { dialCluster, dialDriver, listenSessions } from "./grpc/sessions.ts";
export * from "./session.ts";
export { inMemoryPair, sessionPair } from "./session-pair.ts";
