// Jobs to be stopped, by how they are in the middle of something.
import { once } from "node:events";
import { existsSync, watch, writeFileSync } from "node:fs";
import { defineJob, Receiver, type StreamingContext } from "millrace";

/** Records that it was stopped, like a receiver with messages to acknowledge. */
class Polite extends Receiver<string> {
  private readonly directory: string;

  constructor(directory: string) {
    super();
    this.directory = directory;
  }

  override onStart(): void {
    writeFileSync(`${this.directory}/started`, "");
  }

  override async onStop(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 100)); // others have a queue to tell
    writeFileSync(`${this.directory}/stopped`, "");
  }
}

/** Resolves when the file is there. */
async function appeared(directory: string, file: string): Promise<void> {
  const watcher = watch(directory);
  const changed = once(watcher, "change");
  if (!existsSync(`${directory}/${file}`)) await changed;
  watcher.close();
}

const jobs: Readonly<Record<string, (ssc: StreamingContext, directory: string) => void>> = {
  /** Has a receiver with something to do at the end. */
  polite: (ssc, directory) =>
    ssc.receiverStream(new Polite(directory)).foreachRDD(() => appeared(directory, "started")),
  /** Runs a save that never finishes, and prints the time. */
  saving: (ssc, directory) => {
    setInterval(() => console.log(`it is ${Date.now()}`), 50);
    ssc.queueStream([], { default: [1] }).foreachRDD(async (rdd) => {
      console.log("saving");
      const endless = rdd.map((n) => {
        for (;;) if (n < 0) return n;
      });
      await endless.saveAsTextFile(`${directory}/saved`);
    });
  },
  /** Saves in each batch, and prints. */
  printing: (ssc, directory) => {
    const numbers = ssc.queueStream([], { default: [1, 2, 3] });
    numbers.saveAsTextFiles(`${directory}/saved`);
    numbers.print();
  },
};

export default defineJob({ name: "ends", batchInterval: "100ms" }, (ssc, [how = "", directory = ""]) => {
  jobs[how]?.(ssc, directory);
});
