// The same reading and writing as `jobs/store-read.ts` and `jobs/store-write.ts` by the bare client: S3's, or HTTP as WebHDFS has it.
// `node dist/plain-store.js read|write URL BYTES BATCHES`, where URL is an object's of an S3 endpoint, or WebHDFS's of a file.
import { request } from "node:http";
import { userInfo } from "node:os";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { reportLine } from "./child.ts";

const [what = "", given = "", size = "0", batches = "1"] = process.argv.slice(2);
const url = new URL(given);
const bytes = Number(size);
const content = Buffer.alloc(bytes, `${"x".repeat(99)}\n`);

async function sumOf(chunks: AsyncIterable<Uint8Array>): Promise<number> {
  let sum = 0;
  for await (const chunk of chunks) sum += chunk.length;
  return sum;
}

/** With the client of AWS: `http://HOST/BUCKET/KEY`. */
function s3(): { read(): Promise<number>; write(): Promise<number> } {
  const client = new S3Client({ endpoint: url.origin, region: "us-east-1", forcePathStyle: true });
  const [, Bucket = "", ...rest] = url.pathname.split("/");
  const object = { Bucket, Key: rest.join("/") };
  return {
    read: async () => {
      const { Body } = await client.send(new GetObjectCommand(object));
      // In Node it is a stream of bytes, whatever else its type allows for browsers.
      return sumOf(Body as AsyncIterable<Uint8Array> & typeof Body);
    },
    write: async () => {
      await client.send(new PutObjectCommand({ ...object, Body: content }));
      return bytes;
    },
  };
}

/** By two requests each: the name node says where. */
const hdfs = {
  read: async (): Promise<number> => {
    const { body } = await fetch(`${given}?op=OPEN`);
    return body === null ? 0 : sumOf(body);
  },
  write: async (): Promise<number> => {
    const query = `op=CREATE&overwrite=true&noredirect=true&user.name=${userInfo().username}`;
    const told: unknown = await (await fetch(`${given}?${query}`, { method: "PUT" })).json();
    const place = String(Reflect.get(Object(told), "Location"));
    await new Promise<void>((resolve, reject) => {
      const upload = request(place, { method: "PUT", headers: { "content-length": bytes } }, (answer) =>
        answer.resume().once("end", resolve).once("error", reject),
      );
      upload.once("error", reject).end(content);
    });
    return bytes;
  },
};

const store = url.pathname.startsWith("/webhdfs/") ? hdfs : s3();
for (let batch = 0; batch < Number(batches); batch++) {
  const start = performance.now();
  const done = await (what === "read" ? store.read() : store.write());
  if (done !== bytes) throw new Error(`${done} bytes of ${bytes}`);
  console.log(reportLine({ ms: performance.now() - start, bytes: done }));
}
