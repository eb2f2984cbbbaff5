import { setTimeout as pause } from "node:timers/promises";
import { hdfsFiles } from "@millrace/hdfs";
import { type FileSystem, type Location, locations } from "millrace";
import { type Demo, partsBelow, type Stage } from "../demo.ts";
import { KafkaTopics } from "../kafka-topics.ts";
import { logFile } from "./logs.ts";

const PAUSE_MS = 1_000;
/** Files before the incident. */
const QUIET = 5;

/** Leaves a log file a second. There is an incident until the job reports it, and it is over when the job says so. */
const demo: Demo = {
  servers: ["kafka", "hdfs"],
  job: "log-monitoring.ts",
  async prepare(servers) {
    const [brokers, root] = [servers("KAFKA_BROKERS"), servers("HDFS_URL")];
    const topics = new KafkaTopics(brokers);
    await topics.create("alerts");
    const nameNodes = `${root.slice("hdfs://".length)}=${servers("HDFS_HTTP")}`;
    process.env.MILLRACE_HDFS_NAMENODES = nameNodes;
    const place = locations.of(`${root}/logs`);
    const files = hdfsFiles();
    await files.makeDirectory(locations.within(place, "in"));
    return stage({ topics, files, place, args: [brokers, place], env: { MILLRACE_HDFS_NAMENODES: nameNodes } });
  },
};
export default demo;

interface Parts extends Pick<Stage, "args" | "env"> {
  readonly topics: KafkaTopics;
  readonly files: FileSystem;
  readonly place: Location;
}

function stage({ topics, files, place, ...rest }: Parts): Stage {
  const alerts: string[] = [];
  return {
    ...rest,
    async play(signal) {
      const over = new AbortController();
      const feed = async (): Promise<void> => {
        for (let n = 0; !over.signal.aborted && !signal.aborted; n++) {
          const name = `${String(n).padStart(4, "0")}.log`;
          const written = locations.within(place, "being-written", name);
          const incident = n >= QUIET && alerts.length === 0;
          await files.write(written, [Buffer.from(logFile(Date.now(), { incident }))]);
          await files.publish(written, locations.within(place, "in", name)); // whole, by a rename
          await pause(PAUSE_MS);
        }
      };
      const watch = async (): Promise<void> => {
        for await (const alert of topics.follow("alerts", signal)) {
          alerts.push(alert);
          console.log(`alerts: ${alert}`);
          if (alert.includes("recovered")) break;
        }
        over.abort();
      };
      await Promise.all([feed(), watch()]);
    },
    async review() {
      const parts = await partsBelow(files, locations.within(place, "rates"));
      const texts = await Promise.all(parts.map((path) => files.read(path)));
      const rates = texts.map((bytes) => Buffer.from(bytes).toString()).join("");
      const highest = rates
        .split("\n")
        .filter((line) => line.startsWith("payments,"))
        .map((line) => line.split(",").map(Number))
        .reduce((most, [, requests = 0, errors = 0]) => Math.max(most, errors / requests), 0);
      console.log(`files in HDFS say that up to ${(highest * 100).toFixed(1)} % of the requests of payments failed`);
      return alerts.length === 2 && highest > 0.1;
    },
    close: () => topics.close(),
  };
}
