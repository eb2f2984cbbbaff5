import type { Bench } from "../bench.ts";
import { storeBench } from "../stores.ts";

/** Saving to HDFS beside plain requests of WebHDFS. */
export const hdfsWrite: Bench = storeBench("hdfs", "write");
