// Lines of a socket in a window that is longer than any test: every batch reads all received blocks again, and counts them.
import { defineJob } from "millrace";

export default defineJob({ name: "kept-lines", batchInterval: "100ms" }, (ssc, [port]) => {
  ssc.addStreamingListener({
    onReceiverStarted: ({ receiverInfo: { executorId } }) => console.log(`the receiver runs on ${executorId}`),
  });
  ssc
    .socketTextStream("127.0.0.1", Number(port))
    .window("10m")
    .foreachRDD(async (rdd) => console.log(`the window has ${new Set(await rdd.collect()).size} lines`));
});
