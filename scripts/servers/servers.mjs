// The third ring's real servers: which of them this machine can start. Each is started by its script beside this file, on free
// ports and in a directory of its own, so any two runs are side by side.
import { spawnSync } from "node:child_process";

const COMMON = ["bash", "flock", "setsid"];

/** By name: the tools that its script needs, and the tests that do not run without it. */
const SERVERS = {
  Kafka: {
    tools: [...COMMON, "java", "mvn", "openssl"],
    tests: "packages/{connectors/kafka,examples}/**/*.server.test.ts",
  },
  HDFS: {
    tools: [...COMMON, "java", "mvn", "curl"],
    tests: "packages/{connectors/hdfs,conformance,examples}/**/*.server.test.ts",
  },
  S3: { tools: [...COMMON, "go", "curl"], tests: "packages/{connectors/s3,conformance,examples}/**/*.server.test.ts" },
};

/**
 * The servers that cannot be started here.
 *
 * @returns {readonly { readonly name: string, readonly missing: readonly string[], readonly tests: string }[]}
 */
export function absentServers() {
  return Object.entries(SERVERS)
    .map(([name, { tools, tests }]) => ({ name, tests, missing: tools.filter((tool) => !isThere(tool)) }))
    .filter(({ missing }) => missing.length > 0);
}

/** @param {string} tool */
function isThere(tool) {
  return spawnSync("sh", ["-c", `command -v ${tool}`]).status === 0;
}
