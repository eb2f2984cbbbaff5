import type { Bench } from "../bench.ts";
import { storeBench } from "../stores.ts";

/** Reading from HDFS beside plain requests of WebHDFS. */
export const hdfsRead: Bench = storeBench("hdfs", "read");
