import { defineJob } from "millrace";

/** A line of an access log: `GET /cart 200 17`, with the status and the milliseconds that the answer took. */
const LINE = /^[A-Z]+ (\S+) (\d{3}) (\d+)$/;

interface Traffic {
  readonly requests: number;
  readonly errors: number;
}

/** Every two seconds: requests and errors of each path in the last ten. */
export default defineJob({ name: "traffic", batchInterval: "2s" }, (ssc, args) => {
  const [folder = "incoming"] = args;
  ssc
    .textFileStream(folder)
    .flatMap((line): [string, Traffic][] => {
      const [, path, status] = LINE.exec(line) ?? [];
      return path === undefined ? [] : [[path, { requests: 1, errors: Number(status) >= 500 ? 1 : 0 }]];
    })
    .reduceByKeyAndWindow((a, b) => ({ requests: a.requests + b.requests, errors: a.errors + b.errors }), "10s", "2s")
    .print();
});
