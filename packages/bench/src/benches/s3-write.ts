import type { Bench } from "../bench.ts";
import { storeBench } from "../stores.ts";

/** Saving to S3 beside the client of AWS. */
export const s3Write: Bench = storeBench("s3", "write");
