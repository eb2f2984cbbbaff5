import { Backoff, type BackoffRange, type Clock, type Deferred, deferred, type Rng } from "@millrace/base";
import type { LoggedAt } from "@millrace/plan";
import type { BlockToLog } from "@millrace/storage/received-log";

export interface GroupCommitOptions {
  /** Writes the blocks, all or, as far as anybody may know, none. */
  readonly write: (blocks: readonly BlockToLog[]) => Promise<readonly LoggedAt[]>;
  readonly clock: Clock;
  readonly rng: Rng;
  /** The pauses after a write that failed. */
  readonly retryDelay: BackoffRange;
  /** A write has failed, the first one since `undefined`: one has succeeded again. */
  onFailing(error: Error | undefined): void;
}

/** Bounds of one group. A larger block is a group of its own. */
const GROUP_BYTES_MAX = 4 << 20;
const GROUP_BLOCKS_MAX = 512;

interface Waiting {
  readonly block: BlockToLog;
  readonly logged: Deferred<LoggedAt>;
}

/**
 * Writes blocks in the order in which they come; those that come while a group is being written are the next one. A group that
 * fails is tried again for as long as it takes, and all others wait behind it. What waits is bounded by what receivers may have
 * stored without a confirmation.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  readonly #backoff: Backoff;
  #waiting: Waiting[] = [];
  #writing = false;
  #failing = false;
  #closed = false;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.retryDelay, options.rng);
  }

  append(block: BlockToLog): Promise<LoggedAt> {
    const logged = deferred<LoggedAt>();
    this.#waiting.push({ block, logged });
    if (!this.#writing) void this.#writeAll();
    return logged.promise;
  }

  /** Writes nothing any more: what waits stays pending. */
  close(): void {
    this.#closed = true;
    this.#waiting = [];
  }

  async #writeAll(): Promise<void> {
    this.#writing = true;
    await new Promise<void>((resolve) => setImmediate(resolve)); // for all that has arrived already
    while (this.#waiting.length > 0) await this.#write(this.#nextGroup());
    this.#writing = false;
  }

  #nextGroup(): readonly Waiting[] {
    let [blocks, bytes] = [0, 0];
    for (const { block } of this.#waiting) {
      if (blocks === GROUP_BLOCKS_MAX || (blocks > 0 && bytes + block.bytes > GROUP_BYTES_MAX)) break;
      blocks += 1;
      bytes += block.bytes;
    }
    return this.#waiting.splice(0, blocks);
  }

  async #write(group: readonly Waiting[]): Promise<void> {
    while (!this.#closed) {
      try {
        const places = await this.#options.write(group.map(({ block }) => block));
        this.#tell(undefined);
        for (const [i, { logged }] of group.entries()) {
          const at = places[i];
          if (at !== undefined) logged.resolve(at);
        }
        return;
      } catch (error) {
        this.#tell(error instanceof Error ? error : new Error(String(error)));
        await this.#pause();
      }
    }
  }

  #tell(error: Error | undefined): void {
    if (error === undefined) this.#backoff.reset();
    if (this.#failing === (error !== undefined)) return;
    this.#failing = error !== undefined;
    this.#options.onFailing(error);
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => void this.#options.clock.after(this.#backoff.next(), resolve));
  }
}
