import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { s3Files } from "@millrace/s3";
import { type FileSystem, locations } from "millrace";
import { type Demo, partsBelow, type Servers, type Stage } from "../demo.ts";
import { KafkaTopics } from "../kafka-topics.ts";
import { nextClick, TABLES } from "./clicks.ts";

const CLICKS = 3_000;
const CLICKS_AT_ONCE = 50;
const PAUSE_MS = 100;
const BUCKET = locations.of("s3://ads");

/** Feeds the job with clicks for some seconds, until all of them are counted. */
const demo: Demo = {
  servers: ["kafka", "s3"],
  job: "ad-targeting.ts",
  async prepare(servers) {
    const brokers = servers("KAFKA_BROKERS");
    const topics = new KafkaTopics(brokers);
    await topics.create("clicks", "ad-counts");
    const env = credentials(servers);
    Object.assign(process.env, env);
    mkdirSync(join(servers("S3_DIR"), "data", "ads")); // a bucket, to this server
    const files = s3Files();
    for (const [name, text] of Object.entries(TABLES))
      await files.write(locations.within(BUCKET, "tables", name), [Buffer.from(text)]);
    return stage({ topics, files, args: [brokers, BUCKET], env });
  },
};
export default demo;

/** As the AWS tools take them. */
function credentials(servers: Servers): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL_S3: servers("S3_ENDPOINT"),
    AWS_ACCESS_KEY_ID: servers("S3_ACCESS_KEY"),
    AWS_SECRET_ACCESS_KEY: servers("S3_SECRET_KEY"),
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
  };
}

function stage({
  topics,
  files,
  ...rest
}: { readonly topics: KafkaTopics; readonly files: FileSystem } & Pick<Stage, "args" | "env">): Stage {
  const totals = new Map<string, number>();
  let sent = 0;
  return {
    ...rest,
    async play(signal) {
      const feed = async (): Promise<void> => {
        while (sent < CLICKS && !signal.aborted) {
          await topics.send(
            Array.from({ length: CLICKS_AT_ONCE }, () => ({ topic: "clicks", ...nextClick(Math.random) })),
          );
          sent += CLICKS_AT_ONCE;
          await pause(PAUSE_MS);
        }
      };
      const watch = async (): Promise<void> => {
        for await (const line of topics.follow("ad-counts", signal)) {
          const { key, clicks } = countOf(line);
          totals.set(key, (totals.get(key) ?? 0) + clicks);
          console.log(`ad-counts: ${line}`);
          if (sum(totals) >= CLICKS) return;
        }
      };
      await Promise.all([feed(), watch()]);
    },
    async review() {
      const saved = await savedCounts(files);
      console.log("campaign  segment    clicks");
      for (const [key, clicks] of [...saved].sort()) {
        const [campaign = "", segment = ""] = key.split(",");
        console.log(`${campaign.padEnd(10)}${segment.padEnd(10)}${String(clicks).padStart(7)}`);
      }
      console.log(`${sent} clicks sent, ${sum(totals)} counted in Kafka, ${sum(saved)} in files of S3`);
      return sum(totals) === sent && sum(saved) === sent;
    },
    close: () => topics.close(),
  };
}

/** The counts in all files that the job has saved, added up. */
async function savedCounts(files: FileSystem): Promise<ReadonlyMap<string, number>> {
  const totals = new Map<string, number>();
  for (const path of await partsBelow(files, locations.within(BUCKET, "counts"))) {
    for (const line of Buffer.from(await files.read(path))
      .toString()
      .split("\n")
      .filter(Boolean)) {
      const { key, clicks } = countOf(line);
      totals.set(key, (totals.get(key) ?? 0) + clicks);
    }
  }
  return totals;
}

/** `shoes,18-29,12` */
function countOf(line: string): { readonly key: string; readonly clicks: number } {
  const at = line.lastIndexOf(",");
  return { key: line.slice(0, at), clicks: Number(line.slice(at + 1)) };
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((a, b) => a + b, 0);
}
