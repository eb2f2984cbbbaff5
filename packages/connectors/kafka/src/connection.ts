import { readFileSync } from "node:fs";
import type { BaseOptions } from "@platformatic/kafka";
import { KafkaError } from "./errors.ts";

/**
 * Where a secret is: in a variable of the environment, or in a file, of each process that connects. A job's code, its logs
 * and its checkpoints hold no more of it than that.
 */
export type Secret = { readonly env: string } | { readonly file: string };

/** How to prove who asks. */
export type KafkaSasl =
  | {
      /** The mechanism: one with a name and a password. */
      readonly mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
      /** The name of the user. */
      readonly username: string;
      /** Where the password is. */
      readonly password: Secret;
    }
  | {
      /** The mechanism: one with a token. */
      readonly mechanism: "OAUTHBEARER";
      /** Where the token is. It is read again for each connection, so that another program may renew it. */
      readonly token: Secret;
    };

/** TLS, with files of PEM. */
export interface KafkaTls {
  /** The file of the authorities that the brokers' certificates are signed by; those that Node trusts by default. */
  readonly ca?: string;
  /** The file of the client's own certificate, for brokers that ask for one. */
  readonly cert?: string;
  /** The file of its key. */
  readonly key?: string;
  /** Where the passphrase of the key is, if it has one. */
  readonly passphrase?: Secret;
}

/** How to reach a cluster. Plain data: it travels to executors. */
export interface KafkaConnection {
  /** Some of the brokers, as `host:port`; the others are learned from them. */
  readonly brokers: string | readonly string[];
  /** The name that brokers log: `millrace` by default. */
  readonly clientId?: string;
  /** None by default. */
  readonly sasl?: KafkaSasl;
  /** Off by default; `true`: with the authorities that Node trusts. */
  readonly tls?: boolean | KafkaTls;
}

/**
 * Checks how a cluster is to be reached. Reads no secret.
 *
 * @throws KAFKA_OPTIONS
 */
function checkConnection({ brokers, sasl, tls, clientId }: KafkaConnection): void {
  const given: unknown = brokers;
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  const bad = list.find((one) => typeof one !== "string" || !/^[^\s,:]+:\d{1,5}$|^\[[\da-f:]+\]:\d{1,5}$/i.test(one));
  if (list.length === 0 || bad !== undefined) {
    throw new KafkaError(
      "KAFKA_OPTIONS",
      `brokers is ${JSON.stringify(brokers)}. Give addresses such as "kafka-1:9092", one or an array.`,
    );
  }
  if (clientId !== undefined && (typeof clientId !== "string" || clientId === ""))
    throw new KafkaError("KAFKA_OPTIONS", "clientId is no text. Give one, or none.");
  if (sasl !== undefined) checkSasl(sasl);
  if (typeof tls === "object") {
    const { passphrase, ca, cert, key } = tls;
    for (const [name, file] of Object.entries({ ca, cert, key }))
      if (file !== undefined && (typeof file !== "string" || file.includes("-----BEGIN")))
        throw new KafkaError("KAFKA_OPTIONS", `tls.${name} names no file. Give the path of a file of PEM.`);
    if ((cert === undefined) !== (key === undefined))
      throw new KafkaError("KAFKA_OPTIONS", "tls has one of cert and key. Give both, or none.");
    if (passphrase !== undefined) checkSecret(passphrase, "tls.passphrase");
  }
}

/** How to reach a cluster, of options that have more, checked. @throws KAFKA_OPTIONS */
export function connectionOf({ brokers, clientId, sasl, tls }: KafkaConnection): KafkaConnection {
  const connection: KafkaConnection = {
    brokers,
    ...(clientId === undefined ? {} : { clientId }),
    ...(sasl === undefined ? {} : { sasl }),
    ...(tls === undefined ? {} : { tls }),
  };
  checkConnection(connection);
  return connection;
}

const MECHANISMS: readonly string[] = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"];

function checkSasl(sasl: KafkaSasl): void {
  if (!MECHANISMS.includes(sasl.mechanism))
    throw new KafkaError(
      "KAFKA_OPTIONS",
      `sasl.mechanism is ${JSON.stringify(sasl.mechanism)}. Give one of ${MECHANISMS.join(", ")}.`,
    );
  if (sasl.mechanism === "OAUTHBEARER") return checkSecret(sasl.token, "sasl.token");
  if (typeof sasl.username !== "string" || sasl.username === "")
    throw new KafkaError("KAFKA_OPTIONS", "sasl.username is no text. Give the name of the user.");
  checkSecret(sasl.password, "sasl.password");
}

/** The value is not part of the message: it may be the secret itself. */
function checkSecret(secret: unknown, name: string): void {
  const fields = typeof secret === "object" && secret !== null ? Object.entries(secret) : [];
  const [[key, value] = ["", undefined]] = fields;
  if (fields.length === 1 && (key === "env" || key === "file") && typeof value === "string" && value !== "") return;
  throw new KafkaError(
    "KAFKA_OPTIONS",
    `${name} does not say where the secret is. Give { env: "NAME" } or { file: "PATH" }: a secret in a job's code would be stored with the job.`,
  );
}

/** @throws KAFKA_CREDENTIALS The variable or the file is not there. */
function secretOf(secret: Secret): string {
  if ("env" in secret) {
    const value = process.env[secret.env];
    if (value !== undefined && value !== "") return value;
    throw new KafkaError(
      "KAFKA_CREDENTIALS",
      `the variable ${secret.env} is not set in this process. Set it for the driver and for every executor.`,
    );
  }
  return fileOf(secret.file, "KAFKA_CREDENTIALS").toString("utf8").trimEnd();
}

function fileOf(path: string, code: "KAFKA_CREDENTIALS" | "KAFKA_TLS"): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    throw new KafkaError(
      code,
      `the file ${path} cannot be read (${why}). It must be there on the driver and on every executor.`,
    );
  }
}

/**
 * The options of the client, with secrets.
 *
 * @throws KAFKA_CREDENTIALS, KAFKA_TLS
 */
export function clientOptions(connection: KafkaConnection): BaseOptions {
  const { brokers, clientId = "millrace", sasl, tls } = connection;
  return {
    clientId,
    bootstrapBrokers: typeof brokers === "string" ? [brokers] : [...brokers],
    retries: 0, // this package decides what is asked again
    connectTimeout: 5_000,
    requestTimeout: 30_000,
    ...(sasl === undefined ? {} : { sasl: saslOptions(sasl) }),
    ...(tls === undefined || tls === false ? {} : { tls: tls === true ? {} : tlsOptions(tls) }),
  };
}

function saslOptions(sasl: KafkaSasl): NonNullable<BaseOptions["sasl"]> {
  if (sasl.mechanism === "OAUTHBEARER") {
    secretOf(sasl.token);
    return { mechanism: sasl.mechanism, token: () => secretOf(sasl.token) };
  }
  const { mechanism, username, password } = sasl;
  secretOf(password); // it is missing now, rather than at some reconnection
  return { mechanism, username, password: () => secretOf(password) };
}

function tlsOptions({ ca, cert, key, passphrase }: KafkaTls): NonNullable<BaseOptions["tls"]> {
  return {
    ...(ca === undefined ? {} : { ca: fileOf(ca, "KAFKA_TLS") }),
    ...(cert === undefined ? {} : { cert: fileOf(cert, "KAFKA_TLS") }),
    ...(key === undefined ? {} : { key: fileOf(key, "KAFKA_TLS") }),
    ...(passphrase === undefined ? {} : { passphrase: secretOf(passphrase) }),
  };
}
