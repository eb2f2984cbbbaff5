// Prints the events of its listeners, one per line: `heard receiver 0 started on executor-0`.
import { defineJob, StatsReportListener, type StreamingListener } from "millrace";

const note = (text: string): void => console.log(`heard ${text}`);

const listener: StreamingListener = {
  onStreamingStarted: () => note("the start"),
  onReceiverStarted: ({ receiverInfo: { streamId, name, location } }) =>
    note(`receiver ${streamId} ${name.split(" ")[0]} started at ${location}`),
  onReceiverError: ({ receiverInfo: { streamId, active, lastErrorMessage } }) =>
    note(`receiver ${streamId} error while ${active ? "active" : "down"}: ${lastErrorMessage}`),
  onReceiverStopped: ({ receiverInfo: { streamId } }) => note(`receiver ${streamId} stopped`),
  onBatchSubmitted: ({ batchInfo }) => note(`batch submitted, ${batchInfo.numRecords} records`),
  onBatchStarted: ({ batchInfo }) => note(`batch started after ${typeof batchInfo.schedulingDelay}`),
  onBatchCompleted({ batchInfo: { numRecords, totalDelay = -1, schedulingDelay = 0, processingDelay = 0 } }) {
    const adds = totalDelay === schedulingDelay + processingDelay && processingDelay >= 0;
    note(`batch completed, ${numRecords} records, delays ${adds ? "add up" : "do not add up"}`);
  },
  onOutputOperationStarted: ({ outputOperationInfo: { id, name } }) => note(`output ${id} ${name} started`),
  onOutputOperationCompleted: ({ outputOperationInfo: { id, failureReason } }) =>
    note(`output ${id} completed, ${failureReason ?? "well"}`),
};

export default defineJob({ name: "watched", batchInterval: "200ms" }, (ssc) => {
  ssc.addStreamingListener(listener);
  ssc.addStreamingListener(new StatsReportListener(5));
  ssc.addStreamingListener({
    onBatchCompleted() {
      throw new Error("a listener of its own kind");
    },
  });
  const lines = ssc.iterableStream(async function* (signal) {
    yield* ["a", "b", "c"];
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  });
  lines.foreachRDD(async (rdd) => {
    for (const line of await rdd.collect()) console.log(`line ${line}`);
  });
});
