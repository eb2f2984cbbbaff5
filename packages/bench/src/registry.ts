import type { Bench } from "./bench.ts";
import { hdfsRead } from "./benches/hdfs-read.ts";
import { hdfsWrite } from "./benches/hdfs-write.ts";
import { kafkaLatency } from "./benches/kafka-latency.ts";
import { kafkaRead } from "./benches/kafka-read.ts";
import { kafkaWrite } from "./benches/kafka-write.ts";
import { largeBatch } from "./benches/large-batch.ts";
import { loggedBatch } from "./benches/logged-batch.ts";
import { memory } from "./benches/memory.ts";
import { receiving } from "./benches/receiving.ts";
import { s3Read } from "./benches/s3-read.ts";
import { s3Write } from "./benches/s3-write.ts";
import { smallBatch } from "./benches/small-batch.ts";
import { soak } from "./benches/soak.ts";
import { startUp } from "./benches/start-up.ts";
import { state } from "./benches/state.ts";
import { stateExport } from "./benches/state-export.ts";
import { stateFailures } from "./benches/state-failures.ts";
import { statePace } from "./benches/state-pace.ts";
import { wordCount } from "./benches/word-count.ts";
import { wordCountFile } from "./benches/word-count-file.ts";

/** All benches, in the order in which they run. `soak` takes ten minutes and is left out unless it is named. */
export const BENCHES: readonly Bench[] = [
  startUp,
  smallBatch,
  loggedBatch,
  state,
  statePace,
  stateFailures,
  stateExport,
  wordCount,
  wordCountFile,
  largeBatch,
  receiving,
  kafkaRead,
  kafkaWrite,
  kafkaLatency,
  s3Read,
  s3Write,
  hdfsRead,
  hdfsWrite,
  memory,
  soak,
];

export const ONLY_BY_NAME: ReadonlySet<string> = new Set([soak.name]);
