/**
 * What a job imports: `import { defineJob } from "millrace"`. Start with {@link defineJob}, {@link StreamingContext},
 * {@link DStream} and {@link RDD}.
 *
 * @module millrace
 */
export * from "@millrace/api";
