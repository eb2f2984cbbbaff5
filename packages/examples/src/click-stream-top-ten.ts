/**
 * The ten most visited pages of a shop, batch by batch, with their titles from a table.
 *
 *     millrace run click-stream-top-ten.ts --master "local[2]"
 *
 * Shows a custom receiver, a table broadcast to every executor, and an accumulator. The visitors are generated.
 */
import { defineJob, Receiver } from "millrace";

interface Click {
  readonly visitor: number;
  readonly path: string;
}

interface Page {
  readonly title: string;
  readonly section: string;
}

const SECTIONS = ["books", "games", "garden", "music"];
const PAGES_OF_SECTION = 25;
const CLICKS_A_SECOND = 2_000;
const PAUSE_MS = 50;

/** Generates clicks: the n-th page is visited about 1/n as often as the first. */
class Visitors extends Receiver<Click> {
  private readonly paths: readonly string[];

  constructor(paths: readonly string[]) {
    super();
    this.paths = paths;
  }

  override onStart(): void {
    this.click().catch((error: unknown) => {
      if (!this.isStopped) this.restart("the visitors stopped clicking", error);
    });
  }

  override onStop(): void {}

  private async click(): Promise<void> {
    while (!this.isStopped) {
      const clicks = Array.from({ length: (CLICKS_A_SECOND * PAUSE_MS) / 1000 }, () => this.next());
      await this.store(clicks); // waits when the engine is behind
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  private next(): Click {
    const rank = Math.floor(this.paths.length ** Math.random()) - 1;
    // One click in fifty goes to a page that no longer exists.
    const path = Math.random() < 0.02 ? "/gone" : (this.paths[rank] ?? "/");
    return { visitor: Math.floor(Math.random() * 500), path };
  }
}

/** The table. A real job would load it from a database when it starts. */
function pages(): Map<string, Page> {
  const all = SECTIONS.flatMap((section) =>
    Array.from({ length: PAGES_OF_SECTION }, (_, n): [string, Page] => [
      `/${section}/${n + 1}`,
      { title: `${section}, page ${n + 1}`, section },
    ]),
  );
  return new Map(all);
}

export default defineJob({ name: "click-stream-top-ten", batchInterval: "1s" }, (ssc) => {
  const table = pages();
  const known = ssc.broadcast(table);
  const unknownPages = ssc.longAccumulator("clicks on unknown pages");

  const visits = ssc
    .receiverStream(new Visitors([...table.keys()]))
    .flatMap((click) => {
      const page = known.value.get(click.path);
      if (page) return [[page.title, click.visitor] as const];
      unknownPages.add(1);
      return [];
    })
    .mapValues(() => 1)
    .reduceByKey((a, b) => a + b);

  visits.foreachRDD(async (rdd, time) => {
    const counted = await rdd.collect();
    const top = counted.sort((a, b) => b[1] - a[1]).slice(0, 10);
    console.log(`${new Date(time).toISOString()}  ${unknownPages.value} clicks on unknown pages so far`);
    for (const [title, count] of top) console.log(`${String(count).padStart(6)}  ${title}`);
  });
});
