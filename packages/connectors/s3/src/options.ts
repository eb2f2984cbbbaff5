import { fileErrors, optionProblems } from "millrace";
import * as v from "valibot";

/** Options of {@link s3Files}. What is left out comes from the environment and the files that the AWS SDK reads. */
export interface S3Options {
  /** The address of a compatible store, such as `http://minio:9000`. Default: `AWS_ENDPOINT_URL_S3`, or AWS itself. */
  readonly endpoint?: string | undefined;
  /** Default: `AWS_REGION` or that of the profile; `us-east-1` at an endpoint of your own. */
  readonly region?: string | undefined;
  /** A section of the shared configuration files. Default: `AWS_PROFILE`. */
  readonly profile?: string | undefined;
  /**
   * Puts the bucket into the path, not into the name of the host. Default: `MILLRACE_S3_FORCE_PATH_STYLE`, or true at an
   * endpoint of your own.
   */
  readonly forcePathStyle?: boolean | undefined;
  /** For how long a call is repeated when the store does not answer, or asks to slow down. Default 120 000. */
  readonly patienceMs?: number | undefined;
  /** The time after which a request without an answer is given up, and repeated. Default 30 000. */
  readonly requestTimeoutMs?: number | undefined;
  /** The size of a part of an upload, from 5 MiB; a file has at most 10 000 parts. Default 16 MiB. */
  readonly partBytes?: number | undefined;
}

/** Options with all defaults that are not the SDK's. */
export interface S3Settings {
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  readonly profile: string | undefined;
  readonly forcePathStyle: boolean;
  readonly patienceMs: number;
  readonly requestTimeoutMs: number;
  readonly partBytes: number;
}

const MIB = 1 << 20;

const count = (least: number) => v.pipe(v.number(), v.integer(), v.minValue(least));
const text = v.pipe(v.string(), v.nonEmpty());

const schema = v.strictObject({
  endpoint: v.optional(
    v.pipe(
      v.string(),
      v.url(),
      v.regex(/^https?:/, "it must begin with http: or https:"),
      v.check((url) => new URL(url).username === "" && new URL(url).password === "", "credentials do not belong there"),
    ),
  ),
  region: v.optional(text),
  profile: v.optional(text),
  forcePathStyle: v.optional(v.boolean()),
  patienceMs: v.optional(count(0)),
  requestTimeoutMs: v.optional(count(1)),
  partBytes: v.optional(count(5 * MIB)),
});

const PATH_STYLE = "MILLRACE_S3_FORCE_PATH_STYLE";

/** @throws FILE_SYSTEM_REFUSED, with everything that is wrong. No value is repeated: it may be a secret. */
export function settingsOf(options: S3Options, env: NodeJS.ProcessEnv): S3Settings {
  const parsed = v.safeParse(schema, options);
  const wrong = [...optionProblems(parsed.issues)];
  const pathStyle = env[PATH_STYLE];
  if (pathStyle !== undefined && !["true", "false"].includes(pathStyle))
    wrong.push(`${PATH_STYLE}: want true or false`);
  if (!parsed.success || wrong.length > 0) {
    throw fileErrors.refused(
      `the options of s3: are not valid (${wrong.join("; ")}). Nothing is read or written. Correct them where s3Files is called, or in the environment.`,
    );
  }
  const given = parsed.output;
  const own = given.endpoint ?? env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL;
  const region = given.region ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION;
  return {
    endpoint: given.endpoint,
    region: region ?? (own === undefined ? undefined : "us-east-1"),
    profile: given.profile,
    forcePathStyle: given.forcePathStyle ?? (pathStyle === undefined ? own !== undefined : pathStyle === "true"),
    patienceMs: given.patienceMs ?? 120_000,
    requestTimeoutMs: given.requestTimeoutMs ?? 30_000,
    partBytes: given.partBytes ?? 16 * MIB,
  };
}
