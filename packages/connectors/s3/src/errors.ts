import { fileErrors, type Location, type MakeFileError } from "millrace";

/** What is known of a failed request. Nothing else of the SDK's error is kept: it holds the request, with its signature. */
interface Failure {
  readonly name: string;
  readonly message: string;
  readonly status: number | undefined;
}

/** By the store's own codes, which are the same on AWS and on compatible stores. */
const KINDS: ReadonlyMap<string, { readonly make: MakeFileError; readonly why: string; readonly remedy: string }> =
  new Map(
    Object.entries({
      NoSuchKey: entry(fileErrors.notFound, "nothing is there", "Check the bucket and the key."),
      NotFound: entry(fileErrors.notFound, "nothing is there", "Check the bucket and the key."),
      NoSuchBucket: entry(
        fileErrors.noStore,
        "there is no such bucket",
        "Check its name, the region and the endpoint, or create it.",
      ),
      InvalidBucketName: entry(fileErrors.noStore, "that cannot be the name of a bucket", "Write s3://BUCKET/KEY."),
      PermanentRedirect: entry(
        fileErrors.noStore,
        "the bucket is in another region",
        "Set its region with AWS_REGION.",
      ),
      AuthorizationHeaderMalformed: entry(
        fileErrors.noStore,
        "the bucket is in another region",
        "Set its region with AWS_REGION.",
      ),
      PreconditionFailed: entry(fileErrors.changed, "it has changed", "Write each object under a key of its own."),
      QuotaExceeded: entry(fileErrors.full, "the quota is used up", "Free space, or raise it."),
      InsufficientStorage: entry(fileErrors.full, "the store is full", "Free space there."),
      XMinioStorageFull: entry(fileErrors.full, "the store is full", "Free space there."),
    }),
  );

const REFUSED_CREDENTIALS: ReadonlySet<string> = new Set([
  "CredentialsProviderError",
  "CredentialUnavailable",
  "ExpiredToken",
  "ExpiredTokenException",
  "InvalidAccessKeyId",
  "InvalidToken",
  "InvalidClientTokenId",
  "SignatureDoesNotMatch",
  "TokenProviderError",
  "TokenRefreshRequired",
  "UnrecognizedClientException",
  "UnauthorizedSSOTokenError",
  "XAdminUserNotFound",
]);

/** Errors of the network and the time, by Node's code or the SDK's name. */
const NO_ANSWER =
  /^(E(CONN|AI_AGAIN|HOST|NET|PIPE|PROTO|NOTFOUND|TIMEDOUT)|ERR_(SSL|TLS|SOCKET|STREAM)|CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO|TimeoutError|RequestTimeout|AbortError|NetworkingError|IncompleteBody)/;
const SLOW_DOWN =
  /SlowDown|Throttl|TooManyRequests|RequestLimitExceeded|ServiceUnavailable|InternalError|OperationAborted/;

/** @param what As in "read", "list". */
export function s3Error(what: string, place: Location, error: unknown): Error {
  if (isOurs(error)) return error;
  const failure = failureOf(error);
  const { name, status } = failure;
  const text = `could not ${what} ${place}`;
  // The signature that a store has refused, and what it was made of, are in its own words only as far as its message tells.
  const cause = new Error(`${name}: ${failure.message}`);
  const options = { cause, fields: { path: place, reason: name } };
  const kind = KINDS.get(name);
  if (kind !== undefined) return kind.make(`${text}: ${kind.why} (${name}). ${kind.remedy}`, options);
  if (REFUSED_CREDENTIALS.has(name))
    return fileErrors.credentials(`${text}: ${credentialsIn(name)} (${name}). ${WHERE}`, options);
  if (name === "RequestTimeTooSkewed")
    return fileErrors.credentials(`${text}: the clock of this machine is wrong (${name}). Set it.`, options);
  if (isPassing(failure)) {
    const why =
      SLOW_DOWN.test(name) || (status ?? 0) >= 500 ? "the store refuses work for now" : "the store does not answer";
    return fileErrors.unreachable(
      `${text}: ${why} (${name}${status === undefined ? "" : `, ${status}`}: ${failure.message}). Check that it runs, its address (AWS_ENDPOINT_URL_S3), and the network to it.`,
      options,
    );
  }
  if (status === 403 || status === 401)
    return fileErrors.forbidden(
      `${text}: permission denied (${name}). Give these credentials the permission; the guide lists those that are needed.`,
      options,
    );
  return fileErrors.io(`${text}: ${name}${status === undefined ? "" : ` (${status})`}: ${failure.message}.`, options);
}

const WHERE =
  "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or a role, where the driver and the executors start.";

function credentialsIn(name: string): string {
  return /Provider|Unavailable/.test(name) ? "there are no credentials" : "the store does not accept the credentials";
}

export function codeOf(error: unknown): string {
  return failureOf(error).name;
}

export function statusOf(error: unknown): number | undefined {
  return failureOf(error).status;
}

/** True of an error of the engine. */
function isOurs(error: unknown): error is Error {
  return error instanceof Error && error.name === "EngineError";
}

function isPassing({ name, message, status }: Failure): boolean {
  return (
    NO_ANSWER.test(name) ||
    SLOW_DOWN.test(name) ||
    (status ?? 0) >= 500 ||
    status === 429 ||
    /socket hang up|aborted/.test(message)
  );
}

function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { name: "UnknownError", message: String(error), status: undefined };
  const code = ["Code", "code"]
    .map((key): unknown => Reflect.get(error, key))
    .find((value) => typeof value === "string");
  const named = ["Error", "TypeError", "AggregateError", "UnknownError"].includes(error.name)
    ? (code ?? error.name)
    : error.name;
  return {
    name: String(named),
    message: firstLine(error.message),
    status: httpStatus(Reflect.get(error, "$metadata")),
  };
}

function httpStatus(metadata: unknown): number | undefined {
  if (typeof metadata !== "object" || metadata === null || !("httpStatusCode" in metadata)) return undefined;
  return typeof metadata.httpStatusCode === "number" ? metadata.httpStatusCode : undefined;
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0]?.replace(/\.$/, "") ?? "";
}

function entry(make: MakeFileError, why: string, remedy: string) {
  return { make, why, remedy };
}
