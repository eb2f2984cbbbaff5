import { GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { afterEach, expect, test } from "vitest";
import { Demonstration } from "../demo.fixture.ts";

const shown: Demonstration[] = [];
afterEach(async () => {
  for (const one of shown.splice(0)) await one.remove();
});

function show(...args: ConstructorParameters<typeof Demonstration>): Demonstration {
  const made = new Demonstration(...args);
  shown.push(made);
  return made;
}

/** Lines such as `shoes,18-29,12`, added up by all but the last column. */
function totals(lines: readonly string[]): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const line of lines) {
    const at = line.lastIndexOf(",");
    sums[line.slice(0, at)] = (sums[line.slice(0, at)] ?? 0) + Number(line.slice(at + 1));
  }
  return sums;
}

/** The lines of all objects of the counts, by the client of AWS. */
async function linesInS3(endpoint: string): Promise<readonly string[]> {
  const credentials = { accessKeyId: "test-access", secretAccessKey: "test-secret" };
  const client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials });
  try {
    const listed = await client.send(new ListObjectsV2Command({ Bucket: "ads", Prefix: "counts/" }));
    const keys = (listed.Contents ?? []).map(({ Key = "" }) => Key).filter((key) => key.includes("/part-"));
    const objects = keys.map(async (Key) => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: "ads", Key }));
      return (await Body?.transformToString()) ?? "";
    });
    return (await Promise.all(objects)).flatMap((text) => text.split("\n").filter(Boolean));
  } finally {
    client.destroy();
  }
}

test("each click is counted once, in Kafka as its own client reads it, and in S3 as the client of AWS does", async () => {
  const demonstration = show("ad-targeting", { keep: ["kafka", "s3"] });
  expect(await demonstration.ended, demonstration.output).toBe(0);
  const inKafka = totals(await demonstration.readByJava("ad-counts"));
  expect(Object.values(inKafka).reduce((a, b) => a + b, 0)).toBe(3_000);
  expect(Object.keys(inKafka)).toEqual(expect.arrayContaining(["shoes,18-29", "books,50+", "travel,unknown"]));
  expect(totals(await linesInS3(await demonstration.endpoint("s3", "S3_ENDPOINT")))).toEqual(inKafka);
}, 240_000);

test("Ctrl-C ends the job, and all servers, and leaves nothing behind", async () => {
  const demonstration = show("ad-targeting");
  await demonstration.says(/running on 2 executors/);
  expect(demonstration.processes()).not.toEqual([]);
  demonstration.interrupt();
  expect(await demonstration.ended, demonstration.output).toBe(0);
  expect(demonstration.processes()).toEqual([]);
}, 240_000);
