// Writes TALK_LINES lines of output from TALK_PLACE, and then ends as its argument says. A second argument is a place in the
// driver that overrides TALK_PLACE: for jobs of one cluster, which share their environment.
import { defineJob, Receiver } from "millrace";

type Place = "module" | "build" | "driver" | "errors" | "operator" | "receiver";

/** Where the lines of this run are written; module-level code has no arguments of the job, but the environment. */
const place = process.env.TALK_PLACE as Place; // the test sets it
const count = Number(process.env.TALK_LINES);

function talk(where: Place, write: (line: string) => void = console.log, here = place): void {
  if (where !== here) return;
  for (let i = 0; i < count; i += 1) write(`line ${String(i).padStart(6, "0")} ${"x".repeat(80)}`);
}

class Talker extends Receiver<string> {
  override onStart(): void {
    talk("receiver");
    void this.store("told");
  }
  override onStop(): void {}
}

talk("module");

export default defineJob({ name: "talkative", batchInterval: "100ms" }, (ssc, [end = "stop", driverPlace]) => {
  const here = driverPlace === "driver" || driverPlace === "errors" ? driverPlace : place;
  talk("build");
  const source = place === "receiver" ? ssc.receiverStream(new Talker()) : ssc.queueStream([["told"]]);
  source
    .map((word) => {
      talk("operator");
      return word;
    })
    .foreachRDD(async (rdd) => {
      if ((await rdd.count()) === 0) return;
      console.error("talking");
      talk("driver", console.log, here);
      talk("errors", console.error, here);
      if (end === "throw") throw new Error("that was all");
      if (end === "reject") void Promise.reject(new Error("that was all"));
      else if (end === "exit") process.exit(0);
      else void ssc.stop();
    });
});
