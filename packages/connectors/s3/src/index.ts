/**
 * Files in S3 and compatible stores: `import "@millrace/s3"` in a job, and `s3://bucket/key` is a path like any other.
 *
 * @module @millrace/s3
 */
import { registerFileSystem } from "millrace";
import { s3Files } from "./s3-files.ts";

export type { S3Options } from "./options.ts";
export { s3Files } from "./s3-files.ts";

registerFileSystem("s3", () => s3Files());
