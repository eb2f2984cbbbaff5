/**
 * The running word counts of a chat room, and the messages themselves.
 *
 *     millrace run chat-room.ts --master "local-cluster[2,2]" -- HOST PORT [DIRECTORY]
 *
 * HOST:PORT serves the chat, one message per line, `user: text`: see chat-generator.ts. With DIRECTORY, its checkpoint
 * directory, the job goes on where it was when it is killed and started again.
 */
import { defineJob } from "millrace";

export default defineJob({ name: "chat-room", batchInterval: "1s" }, (ssc, args) => {
  const [host = "localhost", port = "9999", directory] = args;
  if (directory !== undefined) ssc.checkpoint(directory);
  const messages = ssc.socketTextStream(host, Number(port)).named("chat");

  messages.foreachRDD(async (rdd) => {
    for (const message of await rdd.collect()) console.log(message);
  });

  messages
    .flatMap((line) => line.split(" "))
    .map((word) => [word, 1])
    .updateStateByKey<number>((added, total = 0) => added.reduce((sum, n) => sum + n, total))
    .named("totals")
    .print();
});
