import type { BlockId } from "@millrace/plan";
import type { DataAddress, DataServer, TlsSettings } from "@millrace/rpc";

/** How a job executor gets blocks that others hold, and serves its own. */
export type DataPlane =
  /** Framed TCP, as between machines. `host` is where to listen; `advertise` what peers dial, `host` when absent. */
  | {
      readonly kind: "tcp";
      readonly host: string;
      readonly advertise?: string;
      /** The host on which the session with the driver was dialled. */
      readonly driverHost: string;
      readonly token: string | undefined;
      readonly insecure?: boolean;
      readonly tls?: TlsSettings;
    }
  /** Everything in one process: there are no peers, and the driver's blocks are read where they are. */
  | { readonly kind: "local"; readonly readDriverBlock: (id: BlockId) => Iterable<Uint8Array> | undefined };

/** Where peers fetch blocks of this executor. */
export function dataAddress(data: DataPlane, server: DataServer | undefined): DataAddress {
  if (data.kind === "local" || server === undefined) return { host: "127.0.0.1", port: 0 };
  return { host: data.advertise ?? data.host, port: server.address.port };
}
