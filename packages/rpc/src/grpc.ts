// The gRPC adapters of the ports, `@millrace/rpc/grpc`: separate, because a process that needs no gRPC should not load
// it.
export type { DialOptions, ListenOptions } from "./grpc/channel.ts";
export { type OperatorClient, operatorClient } from "./grpc/operator-client.ts";
export { listenCluster } from "./grpc/operator-server.ts";
export type { PeerInfo, RpcServer } from "./grpc/server.ts";
export { dialCluster, dialDriver, listenSessions } from "./grpc/sessions.ts";
