/**
 * Files in HDFS: `import "@millrace/hdfs"` in a job, and `hdfs://host/path` is a path like any other.
 *
 * @module @millrace/hdfs
 */
import { registerFileSystem } from "millrace";
import { hdfsFiles } from "./hdfs-files.ts";

export { hdfsFiles } from "./hdfs-files.ts";
export type { HdfsOptions } from "./options.ts";

registerFileSystem("hdfs", () => hdfsFiles());
registerFileSystem("webhdfs", () => hdfsFiles({}, "webhdfs"));
