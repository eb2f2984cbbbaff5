import { defineJob } from "millrace";

/**
 * Pipes a record through a shell that starts another process and waits for it, the first time; `folder` has a fifo `held`,
 * which both have open.
 */
export default defineJob({ name: "piping", batchInterval: "100ms" }, (ssc, [folder = "."]) => {
  const script = `mkdir ${folder}/seen || exit 0
    exec 3> ${folder}/held
    sleep 600 > /dev/null 2>&1 &
    echo "child of $PPID" >&2
    wait`;
  ssc
    .queueStream([["record"]])
    .transform((rdd) => rdd.pipe(["sh", "-c", script]))
    .print();
});
