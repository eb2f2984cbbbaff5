import { fileErrors, type Location, type MakeFileError } from "millrace";

/** A name node or data node has refused a request, in the words of Hadoop. */
export class HdfsRefusal extends Error {
  override readonly name = "HdfsRefusal";
  readonly status: number;
  /** The class of the exception, without its package; "" if the answer names none. */
  readonly exception: string;

  constructor(status: number, exception: string, message: string) {
    super(message);
    this.status = status;
    this.exception = exception;
  }
}

interface Kind {
  readonly make: MakeFileError;
  readonly why: string;
  readonly remedy: string;
}

const NOT_THERE: Kind = { make: fileErrors.notFound, why: "nothing is there", remedy: "Check the path." };
const TAKEN: Kind = {
  make: fileErrors.exists,
  why: "something already exists there",
  remedy: "Remove it, or choose another path.",
};
const NO_DIRECTORY: Kind = {
  make: fileErrors.wrongKind,
  why: "a file is where a directory should be, or the reverse",
  remedy: "Choose another path.",
};
const FULL: Kind = { make: fileErrors.full, why: "a quota is used up", remedy: "Free space, or raise it." };
const DENIED: Kind = {
  make: fileErrors.forbidden,
  why: "permission denied",
  remedy: "Give the user access, or set another one with HADOOP_USER_NAME.",
};
const CREDENTIALS: Kind = {
  make: fileErrors.credentials,
  why: "the name node does not accept the user or the token",
  remedy:
    "Set HADOOP_USER_NAME, or a valid delegation token with MILLRACE_HDFS_TOKEN_FILE, where the driver and the executors start.",
};

const KINDS: ReadonlyMap<string, Kind> = new Map(
  Object.entries({
    FileNotFoundException: NOT_THERE,
    FileAlreadyExistsException: TAKEN,
    AlreadyBeingCreatedException: TAKEN,
    ParentNotDirectoryException: NO_DIRECTORY,
    PathIsNotDirectoryException: NO_DIRECTORY,
    DSQuotaExceededException: FULL,
    NSQuotaExceededException: FULL,
    QuotaByStorageTypeExceededException: FULL,
    AccessControlException: DENIED,
    SecurityException: CREDENTIALS,
    InvalidToken: CREDENTIALS,
    AuthenticationException: CREDENTIALS,
    AuthorizationException: CREDENTIALS,
  }),
);

/** Exceptions of nodes that start, stop, hand over or are overloaded. */
const FOR_NOW =
  /Standby|Retriable|SafeMode|RetryStartFile|NotReplicatedYet|ServerNotActive|NoRouteToHost|Connect|SocketTimeout|Closed|ObserverRetry|LeaseExpired|RecoveryInProgress/;

/** @param what As in "read", "list". */
export function hdfsError(what: string, place: Location, error: unknown): Error {
  if (error instanceof Error && error.name === "EngineError") return error;
  const text = `could not ${what} ${place}`;
  if (!(error instanceof HdfsRefusal)) {
    const why = reasonIn(error);
    const options = { cause: new Error(why), fields: { path: place } };
    return fileErrors.unreachable(
      `${text}: no name node or data node answers (${why}). Check that they run, their address (MILLRACE_HDFS_NAMENODES), and the network to them.`,
      options,
    );
  }
  const { exception, status, message } = error;
  const named = exception === "" ? `status ${status}` : exception;
  const options = { cause: new Error(`${named}: ${message}`), fields: { path: place, reason: named } };
  const kind = kindOf(error);
  if (kind !== undefined) return kind.make(`${text}: ${kind.why} (${named}). ${kind.remedy}`, options);
  if (isForNow(error)) {
    return fileErrors.unreachable(
      `${text}: HDFS refuses work for now (${named}: ${message}). Check that it is out of safe mode, and that a name node is active.`,
      options,
    );
  }
  return fileErrors.io(`${text}: ${named}: ${message}.`, options);
}

export function isForNow(error: unknown): boolean {
  if (!(error instanceof HdfsRefusal)) return !isEngines(error);
  const noDataNode = /find datanode|could only be (replicated|written) to/i.test(error.message);
  return noDataNode || FOR_NOW.test(error.exception) || error.status >= 502;
}

/** Nothing is at the path, be it that one of its directories is a file. */
export function isNothingThere(error: unknown): boolean {
  return error instanceof HdfsRefusal && (kindOf(error) === NOT_THERE || kindOf(error) === NO_DIRECTORY);
}

export function isTaken(error: unknown): boolean {
  return error instanceof HdfsRefusal && kindOf(error) === TAKEN;
}

function kindOf({ exception, message, status }: HdfsRefusal): Kind | undefined {
  // Hadoop says so of a file that is taken for a directory, too.
  if (exception === "AccessControlException" && /not a directory/i.test(message)) return NO_DIRECTORY;
  if (/destination directory is not empty/i.test(message)) return TAKEN;
  if (/must both be|is a directory|not a file/i.test(message)) return NO_DIRECTORY;
  if (status === 401 || /token .*(expired|can't be found|invalid)/i.test(message)) return CREDENTIALS;
  return KINDS.get(exception);
}

function isEngines(error: unknown): boolean {
  return error instanceof Error && error.name === "EngineError";
}

/** Never the address that was asked: it has the token. */
function reasonIn(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code: unknown = Reflect.get(error, "code");
  return typeof code === "string" ? code : error.message;
}
