import type { Bench } from "../bench.ts";
import { storeBench } from "../stores.ts";

/** Reading from S3 beside the client of AWS. */
export const s3Read: Bench = storeBench("s3", "read");
