import { type ErrorFactory, errorKind } from "@millrace/base";
import type { BlockId } from "@millrace/plan";
import {
  type DataAddress,
  DataClient,
  DataServer,
  listenWithin,
  type PortRange,
  type TlsSettings,
} from "@millrace/rpc";
import { DriverBlocks } from "./driver-blocks.ts";

export const resultNotHeld: ErrorFactory = errorKind("RESULT_NOT_HELD", "environment");

/** How the driver gets blocks of executors and serves its own. */
export type DriverDataOptions =
  | {
      readonly kind: "tcp";
      readonly host: string;
      /** Where to listen; any free port when absent. */
      readonly ports?: PortRange;
      readonly token: string | undefined;
      readonly insecure: boolean;
      readonly tls?: TlsSettings;
    }
  /** Everything in one process: blocks are read where they are. */
  | {
      readonly kind: "local";
      readonly blocks: DriverBlocks;
      readonly readExecutorBlock: (id: BlockId) => Iterable<Uint8Array> | undefined;
    };

export interface DriverData {
  readonly blocks: DriverBlocks;
  /** What executors are told to dial, on the host of their session; of no meaning within one process. */
  readonly address: DataAddress;
  fetch(from: DataAddress, id: BlockId): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** @throws INSECURE_BIND, BIND_FAILED, BAD_TLS */
export async function openDriverData(options: DriverDataOptions, bytesMax: number): Promise<DriverData> {
  if (options.kind === "local") return localData(options);
  const blocks = new DriverBlocks({ bytesMax });
  const { host, ports, token, insecure, tls } = options;
  const security = { token, ...(tls === undefined ? {} : { tls }) };
  const server = await listenWithin(ports, (port) =>
    DataServer.listen({ host, port, insecure, ...security, blocks: blocks.service() }),
  );
  const client = new DataClient(security);
  return {
    blocks,
    // An executor reaches this server on the host where it reached the session, whatever that is called from there.
    address: { host: "", port: server.address.port },
    fetch: (from, id) => client.fetch(from, id),
    close: async () => {
      client.close();
      await server.close();
    },
  };
}

function localData(options: Extract<DriverDataOptions, { readonly kind: "local" }>): DriverData {
  return {
    blocks: options.blocks,
    address: { host: "127.0.0.1", port: 0 },
    fetch: async (_from, id) => {
      const parts = options.readExecutorBlock(id);
      if (parts === undefined) {
        throw resultNotHeld(
          `result block ${id} is gone from the executor that announced it. The action fails; run the job again.`,
        );
      }
      return new Uint8Array(Buffer.concat([...parts]));
    },
    close: async () => undefined,
  };
}
