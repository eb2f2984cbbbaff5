import { systemRng } from "@millrace/base";
import type { FileSystem } from "@millrace/files";
import type { CheckpointProbe, LoggedAt } from "@millrace/plan";
import { answerProbe, type ProbedProcess, readHandle } from "@millrace/storage";
import { type BlockToLog, ReceivedLogWriter, readLoggedBlock } from "@millrace/storage/received-log";
import { GroupCommit } from "./group-commit.ts";
import type { BlockForLog, LoggedLocation, OpenReceivedLog, ReceivedLog } from "./received-log.ts";

/** The received log, used by the thread that this is in. */
export class InThreadLog implements ReceivedLog {
  readonly #files: FileSystem;
  readonly #options: InThreadLogOptions;
  readonly #writer: ReceivedLogWriter;
  readonly #group: GroupCommit;

  constructor(files: FileSystem, options: InThreadLogOptions) {
    const { directory, epoch, writer, sync, clock, retryDelay } = options;
    this.#files = files;
    this.#options = options;
    this.#writer = new ReceivedLogWriter({ files, directory, epoch, writer, sync });
    this.#group = new GroupCommit({
      write: (blocks) => this.#writer.append(blocks),
      clock,
      rng: systemRng(),
      retryDelay,
      onFailing: (error) => options.onFailing(error),
    });
  }

  append(block: BlockForLog): Promise<LoggedAt> {
    const { run, place, handle, bytes, records, position } = block;
    const entry: BlockToLog = {
      ...{ run, input: run.input, place, bytes, records },
      parts: () => readHandle(handle, this.#options.pool),
      ...(position === undefined ? {} : { position }),
    };
    return this.#group.append(entry);
  }

  read({ id, bytes, logged }: LoggedLocation): Promise<Uint8Array> {
    return readLoggedBlock({ files: this.#files, directory: this.#options.directory }, { id, bytes }, logged);
  }

  answerProbe(probe: CheckpointProbe, who: ProbedProcess): Promise<void> {
    return answerProbe(this.#files, probe, who);
  }

  async close(): Promise<void> {
    this.#group.close();
    this.#writer.close();
  }
}

export type InThreadLogOptions = Omit<OpenReceivedLog, "executorModule">;
