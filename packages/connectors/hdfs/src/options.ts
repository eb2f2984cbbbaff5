import { fileErrors, optionProblems } from "millrace";
import * as v from "valibot";

/** Options of {@link hdfsFiles}. */
export interface HdfsOptions {
  /**
   * The HTTP addresses of name nodes, by what stands after `hdfs://`: `{ "cluster": ["http://nn1:9870", "http://nn2:9870"] }`.
   * Of several, the active one is used. Default: `MILLRACE_HDFS_NAMENODES`, and `http://HOST:9870` for any other host.
   */
  readonly nameNodes?: Readonly<Record<string, readonly string[]>> | undefined;
  /** The user in whose name files are read and written. Default: `HADOOP_USER_NAME`, or that of this process. */
  readonly user?: string | undefined;
  /**
   * A file with a delegation token, in the form in which WebHDFS gives it. It is read again when the token is refused. Default:
   * `MILLRACE_HDFS_TOKEN_FILE`.
   */
  readonly tokenFile?: string | undefined;
  /** For how long a call is repeated when no name node or data node answers. Default 120 000. */
  readonly patienceMs?: number | undefined;
  /** The time after which a request without an answer is given up, and repeated. Default 30 000. */
  readonly requestTimeoutMs?: number | undefined;
}

/** Options with all defaults. */
export interface HdfsSettings {
  readonly nameNodes: ReadonlyMap<string, readonly string[]>;
  readonly user: string;
  readonly tokenFile: string | undefined;
  readonly patienceMs: number;
  readonly requestTimeoutMs: number;
}

const NAME_NODES = "MILLRACE_HDFS_NAMENODES";

const address = v.pipe(
  v.string(),
  v.url(),
  v.regex(/^https?:\/\//, "it must begin with http:// or https://"),
  v.check((url) => URL.canParse(url) && new URL(url).username === "", "credentials do not belong there"),
);
const text = v.pipe(v.string(), v.nonEmpty());
const count = (least: number) => v.pipe(v.number(), v.integer(), v.minValue(least));
const nameNodes = v.record(v.string(), v.pipe(v.array(address), v.nonEmpty()));

const schema = v.strictObject({
  nameNodes: v.optional(nameNodes),
  user: v.optional(text),
  tokenFile: v.optional(text),
  patienceMs: v.optional(count(0)),
  requestTimeoutMs: v.optional(count(1)),
});

/** @throws FILE_SYSTEM_REFUSED, with everything that is wrong. No value is repeated: it may be a secret. */
export function settingsOf(options: HdfsOptions, env: NodeJS.ProcessEnv, processUser: string): HdfsSettings {
  const parsed = v.safeParse(schema, options);
  const ofEnv = v.safeParse(nameNodes, nameNodesIn(env[NAME_NODES] ?? ""));
  const wrong = [
    ...optionProblems(parsed.issues),
    ...optionProblems(ofEnv.issues).map((problem) => `${NAME_NODES}: ${problem}`),
  ];
  if (!parsed.success || !ofEnv.success) {
    throw fileErrors.refused(
      `the options of hdfs: are not valid (${wrong.join("; ")}). Nothing is read or written. Correct them where hdfsFiles is called, or in the environment.`,
    );
  }
  const given = parsed.output;
  return {
    nameNodes: new Map(Object.entries({ ...ofEnv.output, ...given.nameNodes })),
    user: given.user ?? env.HADOOP_USER_NAME ?? processUser,
    tokenFile: given.tokenFile ?? env.MILLRACE_HDFS_TOKEN_FILE,
    patienceMs: given.patienceMs ?? 120_000,
    requestTimeoutMs: given.requestTimeoutMs ?? 30_000,
  };
}

/** `cluster=http://nn1:9870,http://nn2:9870; other:8020=http://other:9870` */
function nameNodesIn(setting: string): Readonly<Record<string, readonly string[]>> {
  const entries = setting.split(";").map((entry) => entry.trim());
  return Object.fromEntries(
    entries
      .filter((entry) => entry !== "")
      .map((entry) => {
        const at = entry.indexOf("=");
        return [
          entry.slice(0, Math.max(0, at)),
          entry
            .slice(at + 1)
            .split(",")
            .map((one) => one.trim()),
        ];
      }),
  );
}
