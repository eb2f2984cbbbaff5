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

/** How the driver fetches blocks from executors and serves its own. */
export type DriverDataOptions =
  | {
      readonly kind: "tcp";
      readonly host: string;
      /** Where to listen; by default any free port. */
      readonly ports?: PortRange;
      readonly token: string | undefined;
      readonly insecure: boolean;
      readonly tls?: TlsSettings;
    }
  /** Everything in one process: blocks are read where they are. */
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
  // An executor reaches this server on the host of its session, whatever its name there.
  return { client: new DataClient(security), server, host: "" };
}
