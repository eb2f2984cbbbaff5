// Before the tests on Kafka, once: a broker that all of them share. `KAFKA_DIR` names the directory of one that runs already.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("kafka.sh", import.meta.url));

/** @param {{ provide(key: string, value: string): void }} project */
export default function setup(project) {
  const given = process.env.KAFKA_DIR;
  const directory = given ?? mkdtempSync(join(tmpdir(), "millrace-kafka-"));
  execFileSync(script, ["start", directory], { stdio: ["ignore", "ignore", "inherit"] });
  project.provide("kafka", directory);
  if (given !== undefined) return undefined;
  return () => {
    execFileSync(script, ["stop", directory], { stdio: "inherit" });
    rmSync(directory, { recursive: true, force: true });
  };
}
