import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Bench, type BenchOptions, forEngines, type Sample, type Subject } from "./bench.ts";
import { column, type Report, reportsOf } from "./child.ts";
import { runJob } from "./millrace.ts";
import { server } from "./servers.ts";
import { shareOfClient } from "./share-of-client.ts";
import { median } from "./statistics.ts";

const BYTES = 64_000_000;
const BATCHES = 8;
const WARM_UP = 3;

/** A server of files with a place in it. */
interface Place {
  /** For jobs: `s3://bench`. */
  readonly path: string;
  /** For bare clients. */
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
}

type StoreName = "s3" | "hdfs";

const STORES: Readonly<Record<StoreName, () => Place>> = {
  s3: () => {
    const { directory, endpoint } = server("s3");
    mkdirSync(join(directory, "data", "bench"), { recursive: true });
    const env = {
      AWS_ENDPOINT_URL_S3: endpoint("S3_ENDPOINT"),
      AWS_ACCESS_KEY_ID: endpoint("S3_ACCESS_KEY"),
      AWS_SECRET_ACCESS_KEY: endpoint("S3_SECRET_KEY"),
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    };
    return { path: "s3://bench", url: `${env.AWS_ENDPOINT_URL_S3}/bench`, env };
  },
  hdfs: () => {
    const { endpoint } = server("hdfs");
    const [root, http] = [endpoint("HDFS_URL"), endpoint("HDFS_HTTP")];
    const env = { MILLRACE_HDFS_NAMENODES: `${root.slice("hdfs://".length)}=${http}` };
    return { path: `${root}/bench`, url: `${http}/webhdfs/v1/bench`, env };
  },
};

/** A bench of one server of files, beside its bare client. */
export function storeBench(store: StoreName, what: "read" | "write"): Bench {
  return {
    name: `${store}-${what}`,
    what: `a file of 64 MB, ${what === "read" ? "read as records of 100 bytes" : "saved as lines of 100 bytes, and committed"}; the bare client moves the bytes alone`,
    rounds: 3,
    metrics: { throughput: { unit: "MB/s", better: "higher" } },
    subjects: (options) => subjects(options, store, what),
    goals: (results) => shareOfClient(results, "throughput", 0.8),
  };
}

function subjects(options: BenchOptions, store: StoreName, what: "read" | "write"): readonly Subject[] {
  const bytes = options.quick ? BYTES / 8 : BYTES;
  const name = `file-${bytes}`;
  const plain = (how: string, { url, env }: Place, batches: number): Promise<readonly Report[]> => {
    const program = fileURLToPath(new URL("plain-store.js", import.meta.url));
    return reportsOf({ args: [program, how, `${url}/${name}`, String(bytes), String(batches)], env });
  };
  return [
    {
      name: "bare client",
      run: async () => {
        const place = STORES[store]();
        await plain("write", place, 1); // what is read
        return throughput(await plain(what, place, BATCHES));
      },
    },
    ...forEngines(options, (engine) => [
      {
        name: "local[1]",
        run: async () => {
          const { path, env } = STORES[store]();
          const args = [what === "read" ? `${path}/${name}` : `${path}/saved-${saved++}`, bytes];
          return throughput(
            await runJob({ engine, job: `store-${what}`, master: "local[1]", batches: BATCHES, args, env }),
          );
        },
      },
    ]),
  ];
}

let saved = 0;

function throughput(reports: readonly Report[]): Sample {
  const ms = column(reports, "ms").slice(WARM_UP);
  const [bytes = 0] = column(reports, "bytes");
  return { throughput: bytes / median(ms) / 1_000 };
}
