import type { SourceHost } from "millrace";
import type { Client } from "./client.ts";
import { explained } from "./errors.ts";
import type { KafkaPosition } from "./range.ts";
import { retried } from "./retried.ts";

/** For how long the last offsets are committed before a job ends without. */
const LAST_PATIENCE_MS = 6_000;

/**
 * Commits positions of committed batches to a consumer group, in the background: one request at a time, with the newest
 * positions. What cannot be committed goes with the next batch, or when the job ends.
 */
export class GroupCommits {
  readonly #client: Pick<Client, "cluster" | "commit">;
  readonly #group: string;
  readonly #host: SourceHost;
  #waiting = new Map<string, KafkaPosition>();
  #running: Promise<void> | undefined;

  constructor(client: Pick<Client, "cluster" | "commit">, group: string, host: SourceHost) {
    this.#client = client;
    this.#group = group;
    this.#host = host;
  }

  /** Takes positions, to be committed with the next batch that is. */
  add(positions: readonly KafkaPosition[]): void {
    for (const position of positions) this.#waiting.set(`${position.topic}[${position.partition}]`, position);
  }

  /** Begins to commit what waits, if nothing is under way. */
  flush(): void {
    if (this.#waiting.size === 0) return;
    this.#running ??= this.#commit(0)
      .catch(() => undefined) // the next batch tries again
      .finally(() => {
        this.#running = undefined;
      });
  }

  /** Commits what waits; warns if it cannot. Never rejects. */
  async end(): Promise<void> {
    await this.#running;
    try {
      if (this.#waiting.size > 0) await this.#commit(LAST_PATIENCE_MS);
    } catch (error) {
      const why = explained(error, `committing offsets to the group ${this.#group}`).message;
      this.#host.warn(
        `the last offsets are not committed to the group ${this.#group}: ${why} The job itself goes on from its checkpoint.`,
      );
    }
  }

  async #commit(patienceMs: number): Promise<void> {
    const positions = this.#waiting;
    this.#waiting = new Map();
    try {
      const { cluster } = this.#client;
      await retried({ cluster, patienceMs }, () => this.#client.commit(this.#group, [...positions.values()]));
    } catch (error) {
      this.#waiting = new Map([...positions, ...this.#waiting]);
      throw error;
    }
  }
}
