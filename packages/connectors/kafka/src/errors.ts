/** What went wrong, for programs: messages may change, these do not. */
export type KafkaErrorCode =
  /** An option is missing, or is none; nothing was asked of any broker. */
  | "KAFKA_OPTIONS"
  /** No broker answers at the addresses given, or in time. */
  | "KAFKA_UNREACHABLE"
  /** The broker refused the name, the password or the token. */
  | "KAFKA_CREDENTIALS"
  /** The other end speaks no TLS, or its certificate, or ours, is not trusted. */
  | "KAFKA_TLS"
  /** There is no such topic, or partition. */
  | "KAFKA_TOPIC_MISSING"
  /** The broker knows who asks, and does not allow it. */
  | "KAFKA_NOT_PERMITTED"
  /** Offsets that were to be read are gone: they expired, or the log was cut. */
  | "KAFKA_OFFSETS_LOST"
  /** A topic was deleted and made again: its offsets mean other records now. */
  | "KAFKA_TOPIC_RECREATED"
  /** A key or a value could not be deserialised, or is nothing that can be written. */
  | "KAFKA_RECORD_MALFORMED"
  /** A transaction that was to be committed is gone: it was open for too long, or somebody else uses its id. */
  | "KAFKA_TRANSACTION_LOST"
  /** A compression that this version of Node has no code for. */
  | "KAFKA_COMPRESSION"
  /** The broker answered with another error. */
  | "KAFKA_FAILED";

/** An error of this package. Its message names what happened and what to do, and never a secret. */
export class KafkaError extends Error {
  override readonly name = "KafkaError";
  /** What went wrong. */
  readonly code: KafkaErrorCode;
  /** Asking again later may help: a broker starts, or a partition gets another leader. */
  readonly passing: boolean;

  /** @param options.passing False by default. */
  constructor(code: KafkaErrorCode, message: string, options: { readonly passing?: boolean } = {}) {
    super(`[${code}] ${message}`);
    this.code = code;
    this.passing = options.passing ?? false;
  }
}

/** Error codes of the protocol that this package tells apart. */
export const PROTOCOL = {
  offsetOutOfRange: 1,
  unknownTopicOrPartition: 3,
  leaderNotAvailable: 5,
  notLeader: 6,
  duplicateSequence: 46,
  producerEpochGone: 47,
  noSuchTransaction: 48,
  producerUnknown: 49,
  producerFenced: 90,
  topicNotPermitted: 29,
  groupNotPermitted: 30,
  clusterNotPermitted: 31,
  unknownTopicId: 100,
} as const;

/** What brokers answer for a transaction that is not there any more. */
export const TRANSACTION_GONE: ReadonlySet<number> = new Set([
  PROTOCOL.producerEpochGone,
  PROTOCOL.noSuchTransaction,
  PROTOCOL.producerUnknown,
  PROTOCOL.producerFenced,
]);

const NOT_PERMITTED: ReadonlySet<number> = new Set([
  PROTOCOL.topicNotPermitted,
  PROTOCOL.groupNotPermitted,
  PROTOCOL.clusterNotPermitted,
  53, // transactional id
  65, // delegation token
]);

/** An error of the client, or of a system call below it, as far as it is looked at. */
interface ClientError {
  readonly code?: unknown;
  readonly message: string;
  readonly cause?: unknown;
  readonly errors?: readonly unknown[];
  readonly apiCode?: unknown;
  readonly apiId?: unknown;
  readonly canRetry?: unknown;
}

/** The innermost causes of an error, each with those around it. */
function* chains(error: unknown, around: readonly ClientError[] = []): Generator<readonly ClientError[]> {
  if (!(error instanceof Error) || around.length > 8) return yield around;
  const chain: readonly ClientError[] = [...around, error];
  const { errors, cause }: ClientError = error;
  const inner = errors !== undefined && errors.length > 0 ? errors : cause === undefined ? [] : [cause];
  if (inner.length === 0) return yield chain;
  for (const one of inner) yield* chains(one, chain);
}

/**
 * What an error of the client means. The result has no cause: what a client keeps in its errors may hold more than a log
 * should show.
 *
 * @param what What was asked, for the message: `the end of orders[3]`.
 */
export function explained(error: unknown, what: string): KafkaError {
  if (error instanceof KafkaError) return error;
  const found = [...chains(error)];
  const [first = []] = found;
  const all = found.flat();
  const text = first.map(({ message }) => message).join(": ");
  const systemCode = all.map(({ code }) => code).find((code) => typeof code === "string" && /^E[A-Z]+$/.test(code));
  if (all.some(({ code }) => code === "PLT_KFK_AUTHENTICATION")) {
    return new KafkaError(
      "KAFKA_CREDENTIALS",
      `${what}: the broker refused the credentials (${text}). Check the mechanism and the user name, and what the secret holds.`,
    );
  }
  const tls = all.find(({ code, message }) => isOfTls(code, message));
  if (tls !== undefined) {
    return new KafkaError(
      "KAFKA_TLS",
      `${what}: there is no TLS connection (${text}). Check that the port speaks TLS, and which authority has signed the certificates.`,
    );
  }
  const protocol = all.find(({ apiCode }) => typeof apiCode === "number");
  if (protocol !== undefined) return explainedCode(Number(protocol.apiCode), what, String(protocol.apiId ?? ""));
  if (all.some(({ code }) => code === "PLT_KFK_UNSUPPORTED_COMPRESSION" || /zstd/i.test(String(code)))) {
    return new KafkaError(
      "KAFKA_COMPRESSION",
      `${what}: ${text}. Records compressed with zstd need Node 22.15 or newer; this is ${process.version}.`,
    );
  }
  const unreachable =
    systemCode !== undefined ||
    all.some(({ code }) => code === "PLT_KFK_NETWORK" || code === "PLT_KFK_TIMEOUT" || code === "PLT_KFK_MULTIPLE");
  return unreachable
    ? new KafkaError(
        "KAFKA_UNREACHABLE",
        `${what}: no broker answers (${text}). Check the addresses, and whether they run.`,
        {
          passing: true,
        },
      )
    : new KafkaError("KAFKA_FAILED", `${what}: ${text}`);
}

function isOfTls(code: unknown, message: string): boolean {
  return (
    (typeof code === "string" && /^(ERR_SSL|ERR_TLS|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|CERT_)/.test(code)) ||
    /SSL routines|before secure TLS connection/.test(message)
  );
}

/** What an error code of the protocol means. @param name The name of the code, if it is known. */
export function explainedCode(apiCode: number, what: string, name = ""): KafkaError {
  const answer = `the broker answered with error ${apiCode}${name === "" ? "" : ` (${name})`}`;
  if (NOT_PERMITTED.has(apiCode)) {
    return new KafkaError(
      "KAFKA_NOT_PERMITTED",
      `${what}: ${answer}: this user is not allowed to. Ask for the rights that the guide lists.`,
    );
  }
  if (apiCode === PROTOCOL.unknownTopicOrPartition || apiCode === PROTOCOL.unknownTopicId) {
    return new KafkaError(
      "KAFKA_TOPIC_MISSING",
      `${what}: ${answer}: there is no such topic or partition, or no right to see it.`,
      {
        passing: true,
      },
    );
  }
  return new KafkaError("KAFKA_FAILED", `${what}: ${answer}.`, { passing: PASSING.has(apiCode) });
}

/** Codes that an election, a restart or a load brings about: the broker is asked again. */
const PASSING: ReadonlySet<number> = new Set([
  PROTOCOL.leaderNotAvailable,
  PROTOCOL.notLeader,
  7, // request timed out
  8, // broker not available
  9, // replica not available
  13, // network exception
  14, // coordinator loading
  15, // coordinator not available
  16, // not coordinator
  51, // concurrent transactions
  56, // storage error
  74, // fenced leader epoch
  75, // unknown leader epoch
  78, // offset not available
]);
