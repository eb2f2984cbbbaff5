import { LineServer } from "./line-server.fixture.ts";
import type { Lines } from "./lines.fixture.ts";

/**
 * Words over a socket for `jobs/totals.ts`, and their expected totals. A raw socket cannot send lost data again, so a fault
 * strikes only when all words sent are known to be in a batch: any difference is then a defect of the engine.
 */
export class WordFeed {
  readonly source: LineServer;
  readonly #expected = new Map<string, number>();
  /** Lines sent. */
  lines = 0;

  static async listen(port = 0): Promise<WordFeed> {
    return new WordFeed(await LineServer.listen(port));
  }

  private constructor(source: LineServer) {
    this.source = source;
  }

  /** The arguments of the job. */
  get args(): readonly string[] {
    return ["127.0.0.1", String(this.source.port)];
  }

  /** Sends lines in one piece, so that they come as one block; returns how many. */
  send(...lines: readonly string[]): number {
    for (const word of lines.flatMap((line) => line.split(" "))) {
      this.#expected.set(word, (this.#expected.get(word) ?? 0) + 1);
    }
    this.lines += lines.length;
    this.source.send(lines.map((line) => `${line}\n`).join(""));
    return lines.length;
  }

  /** The totals of all that was sent. */
  get expected(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#expected].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** Resolves when a batch shows exactly the words sent. */
  async counted(log: Lines): Promise<void> {
    const wanted = `totals ${JSON.stringify(this.expected)}`;
    await log.first((line) => line === wanted, 0, wanted);
  }

  close(): Promise<void> {
    return this.source.close();
  }
}

/** The last totals that a job showed: a count too many or too few stays in them for good. */
export function lastTotals(log: Lines): unknown {
  const line = log.all.findLast((text) => text.startsWith("totals "));
  return line === undefined ? undefined : JSON.parse(line.slice("totals ".length));
}
