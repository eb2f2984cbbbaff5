// Saves what a connector of a class of sources reads.
import { defineJob, externalStream } from "millrace";
import { ReliableNumbers, replayableNumbers, UnreliableNumbers } from "./numbers.ts";

export default defineJob({ name: "connectors", batchInterval: "200ms" }, (ssc, [directory = "", port = "0", kind]) => {
  ssc.checkpoint(`${directory}/checkpoint`);
  const url = `http://127.0.0.1:${port}`;
  const receiver = kind === "reliable" ? new ReliableNumbers(url) : new UnreliableNumbers(url);
  const numbers = (
    kind === "replayable" ? externalStream(ssc, replayableNumbers(url)) : ssc.receiverStream(receiver)
  ).named("numbers");
  const texts = numbers.map(String);
  texts.saveAsTextFiles(`${directory}/out/numbers`);
  texts.window("600ms").saveAsTextFiles(`${directory}/out/window`);
});
