import type { TlsFiles } from "@millrace/rpc";
import type { Command } from "commander";
import type { ClusterSecurity } from "./engine.ts";
import { readToken } from "./values.ts";

/** Options of every command that connects to a cluster. */
export interface ClientOptions {
  readonly tokenFile?: string;
  readonly tlsCa?: string;
}

/** Options of every command that the cluster connects to. */
export interface ServerOptions extends ClientOptions {
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

export function withClientSecurity(command: Command): Command {
  return command
    .option("--token-file <file>", "file that contains the cluster's token (default: the token in MILLRACE_TOKEN)")
    .option("--tls-ca <file>", "PEM file with the trusted certificate authorities (default: MILLRACE_TLS_CA)");
}

export function withServerSecurity(command: Command): Command {
  return withServerCertificate(withClientSecurity(command));
}

/** For a command that already has the options of a client. */
export function withServerCertificate(command: Command): Command {
  return command
    .option(
      "--tls-cert <file>",
      "PEM file with the certificate of this process; turns on TLS (default: MILLRACE_TLS_CERT)",
    )
    .option("--tls-key <file>", "PEM file with the private key of the certificate (default: MILLRACE_TLS_KEY)");
}

/** @throws TOKEN_UNREADABLE */
export function clientSecurity(options: ClientOptions, env: NodeJS.ProcessEnv): ClusterSecurity {
  return { token: readToken(options.tokenFile, env), tls: { ...named("ca", options.tlsCa, env) } };
}

/** @throws TOKEN_UNREADABLE */
export function serverSecurity(options: ServerOptions, env: NodeJS.ProcessEnv): ClusterSecurity {
  const { token, tls } = clientSecurity(options, env);
  return { token, tls: { ...tls, ...named("cert", options.tlsCert, env), ...named("key", options.tlsKey, env) } };
}

function named(what: keyof TlsFiles, given: string | undefined, env: NodeJS.ProcessEnv): TlsFiles {
  if (given !== undefined) return { [what]: { file: given, option: `--tls-${what}` } };
  const variable = `MILLRACE_TLS_${what.toUpperCase()}`;
  const file = env[variable];
  return file === undefined || file === "" ? {} : { [what]: { file, option: variable } };
}
