import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { cannotBind, checkBind, formatAddress, type Security } from "../bind.ts";
import type { DataAddress } from "../session.ts";
import { serverCertificate, type TlsSettings } from "../tls.ts";
import type { BlockServer, BlockService } from "./ports.ts";
import { ServedConnection } from "./served-connection.ts";

export interface DataServerOptions extends Security {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly tls?: TlsSettings;
  readonly blocks: BlockService;
  /** Called with the reason when a connection ends abnormally; the others are not affected. */
  readonly onConnectionError?: (peer: string, error: Error) => void;
}

/** More than the processes of any cluster this engine is designed for. */
const CONNECTIONS_MAX = 1_024;

/**
 * Serves the blocks of one process over framed TCP; see `frame.ts` for the protocol. A peer that violates it, or goes
 * away, loses only its own connection.
 */
export class DataServer implements BlockServer {
  readonly address: DataAddress;
  readonly #server: Server;
  readonly #connections: Set<ServedConnection>;

  /**
   * @throws INSECURE_BIND The host is not loopback and there is no token.
   * @throws BIND_FAILED The port is in use or the host is not this machine's.
   * @throws BAD_TLS TLS without certificate and key.
   */
  static async listen(options: DataServerOptions): Promise<DataServer> {
    checkBind(options.host, options);
    const connections = new Set<ServedConnection>();
    const server = newServer(options.tls, (socket) => {
      const connection = new ServedConnection(socket, options, () => connections.delete(connection));
      connections.add(connection);
    });
    server.maxConnections = CONNECTIONS_MAX;
    const port = await listening(server, options);
    return new DataServer({ host: options.host, port }, server, connections);
  }

  private constructor(address: DataAddress, server: Server, connections: Set<ServedConnection>) {
    this.address = address;
    this.#server = server;
    this.#connections = connections;
  }

  /** Closes every connection at once. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const connection of this.#connections) connection.destroy();
    });
  }
}

function newServer(tls: TlsSettings | undefined, onSocket: (socket: Socket) => void): Server {
  if (tls === undefined) return createServer({ noDelay: true }, onSocket);
  return createTlsServer(serverCertificate(tls), (socket) => {
    socket.setNoDelay(true);
    onSocket(socket);
  });
}

function listening(server: Server, where: DataAddress): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(cannotBind(formatAddress(where), error)));
    server.listen(where.port, where.host, () => {
      resolve((server.address() as AddressInfo).port); // it listens on TCP, so this is neither null nor a path
    });
  });
}
