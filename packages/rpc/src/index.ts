export {
  checkBind,
  formatAddress,
  listenWithin,
  type PortRange,
  parseAddress,
  type Security,
} from "./bind.ts";
export * from "./cluster.ts";
export { DataClient, type DataClientOptions } from "./data/client.ts";
export { MemoryNetwork } from "./data/memory-network.ts";
export {
  type BlockClient,
  type BlockNetwork,
  type BlockServer,
  type BlockService,
  type BlockSink,
  GatheringSink,
  type ReadableBlock,
} from "./data/ports.ts";
export { DataServer, type DataServerOptions } from "./data/server.ts";
export * from "./errors.ts";
export type { ResumedSummary } from "./resumed.ts";
export * from "./session.ts";
export { sessionPair } from "./session-pair.ts";
export { readTls, serverCertificate, type TlsFiles, type TlsSettings } from "./tls.ts";
