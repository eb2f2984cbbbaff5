import type { BlockId } from "@millrace/plan";
import {
  type BlockClient,
  type BlockNetwork,
  type BlockServer,
  type DataAddress,
  DataClient,
  DataServer,
  listenWithin,
  type PortRange,
  type TlsSettings,
} from "@millrace/rpc";
import { DriverBlocks } from "./driver-blocks.ts";

/** The data plane by which the driver fetches blocks from executors and serves its own. */
export type DriverDataOptions =
  | {
      readonly kind: "tcp";
      readonly host: string;
      /** The ports to listen on; by default any free one. */
      readonly ports?: PortRange;
      readonly token: string | undefined;
      readonly insecure: boolean;
      readonly tls?: TlsSettings;
    }
  /** All in one process: blocks are read in place. */
  | { readonly kind: "memory"; readonly network: BlockNetwork };

export interface DriverData {
  readonly blocks: DriverBlocks;
  /** The address that executors dial; without a host, that of their session. */
  readonly address: DataAddress;
  fetch(from: DataAddress, id: BlockId): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** @throws INSECURE_BIND, BIND_FAILED, BAD_TLS */
export async function openDriverData(options: DriverDataOptions, bytesMax: number): Promise<DriverData> {
  const blocks = new DriverBlocks({ bytesMax });
  const { client, server, host } = await openPlane(options, blocks);
  return {
    blocks,
    address: { host, port: server.address.port },
    fetch: (from, id) => client.fetch(from, id),
    close: async () => {
      client.close();
      await server.close();
    },
  };
}

async function openPlane(
  options: DriverDataOptions,
  blocks: DriverBlocks,
): Promise<{ readonly client: BlockClient; readonly server: BlockServer; readonly host: string }> {
  if (options.kind === "memory") {
    const server = options.network.serve(blocks.service());
    return { client: options.network.client(), server, host: server.address.host };
  }
  const { host, ports, token, insecure, tls } = options;
  const security = { token, ...(tls === undefined ? {} : { tls }) };
  const server = await listenWithin(ports, (port) =>
    DataServer.listen({ host, port, insecure, ...security, blocks: blocks.service() }),
  );
  // An executor reaches this server at the host of its session, whatever that is called on its side.
  return { client: new DataClient(security), server, host: "" };
}
