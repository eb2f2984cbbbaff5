/**
 * Which ads are clicked, and by whom: clicks from Kafka, joined with tables of users and ads, counted batch by batch. The counts
 * go to a Kafka topic, exactly once, and into files in S3.
 *
 *     millrace submit ad-targeting.ts -- BROKERS s3://BUCKET
 */
import { kafkaStream, saveToKafka } from "@millrace/kafka";
import "@millrace/s3";
import { defineJob, StorageLevel } from "millrace";

interface Click {
  readonly user: string;
  readonly ad: string;
}

const TASKS = 2;

const parse = (bytes: Uint8Array | null): Click => JSON.parse(Buffer.from(bytes ?? []).toString());

/** A row of two columns. */
const row = (line: string): [string, string] => {
  const [key = "", value = ""] = line.split(",");
  return [key, value];
};

export default defineJob(
  { name: "ad-targeting", batchInterval: "1s" },
  (ssc, [brokers = "localhost:9092", bucket = "s3://ads"]) => {
    ssc.checkpoint(`${bucket}/checkpoint`); // a job that is killed goes on here, and counts no click twice

    // Read once, and kept where the joins need them. Small tables are broadcast instead.
    const table = (file: string) =>
      ssc
        .textFile(`${bucket}/tables/${file}`)
        .map((line) => row(line))
        .partitionBy(TASKS)
        .persist(StorageLevel.MEMORY_AND_DISK);
    const segments = table("users.csv"); // [user, segment]
    const campaigns = table("ads.csv"); // [ad, campaign]
    const malformed = ssc.longAccumulator("malformed clicks");

    const counts = kafkaStream(ssc, {
      brokers,
      topics: "clicks",
      startingOffsets: "earliest",
      value: parse,
      malformed: () => malformed.add(1),
    })
      .named("clicks")
      .map(({ value: { user, ad } }) => [user, ad] as const)
      .transform((clicks) => clicks.partitionBy(TASKS).leftOuterJoin(segments))
      .map(([, [ad, segment = "unknown"]]) => [ad, segment] as const)
      .transform((clicks) => clicks.partitionBy(TASKS).leftOuterJoin(campaigns))
      .map(([, [segment, campaign = "unknown"]]) => [`${campaign},${segment}`, 1] as const)
      .reduceByKey((a, b) => a + b, TASKS);

    const messages = counts.map(([key, clicks]) => ({ key, value: `${key},${clicks}` }));
    saveToKafka(messages, { brokers, topic: "ad-counts", transactionalId: "ad-targeting" }).named("counts");
    counts
      .map(([key, clicks]) => `${key},${clicks}`)
      .saveAsTextFiles(`${bucket}/counts/batch`, "csv")
      .named("files");
  },
);
