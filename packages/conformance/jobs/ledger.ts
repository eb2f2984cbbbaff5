// Words of files into a ledger, which is written exactly once; a batch stops at a gate in a task and in its commit.
import { defineJob, saveExternal } from "millrace";
import { driverGate, gate } from "./gate.ts";
import { ledger } from "./ledger/ledger-sink.ts";

export default defineJob({ name: "ledger", batchInterval: "200ms" }, (ssc, [directory = "", gates = "0"]) => {
  const port = Number(gates);
  ssc.checkpoint(`${directory}/checkpoint`);
  const words = ssc.textFileStream(`${directory}/in`);
  const sink = ledger(`${directory}/ledger`);
  const { commit } = sink;
  saveExternal(
    words.mapPartitions((some) => gate(port, "task", some)),
    {
      ...sink,
      async commit(batch, prepared) {
        await driverGate(port, "before commit", prepared.length);
        await commit?.(batch, prepared);
        await driverGate(port, "after commit", prepared.length);
      },
    },
  ).named("words");
  words.foreachRDD(async (rdd, _, id) => {
    const records = await rdd.count();
    if (records > 0) console.log(`${id}: ${records}`);
  });
});
