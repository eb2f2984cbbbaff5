import { gzipSync } from "node:zlib";
import type { TaskOutput } from "../files/task-output.ts";

/** Text that is collected before it is encoded and written. */
const WRITE_CHARS = 256 * 1024;

/** True if files of this name are compressed. Applies to reading and writing of text. */
export function isZipped(name: string): boolean {
  return name.endsWith(".gz");
}

/** Text lines written to a file: UTF-8, compressed piece by piece if the file's name says so. */
export class TextFile {
  readonly #file: TaskOutput;
  readonly #zipped: boolean;
  #text = "";
  #empty = true;

  constructor(file: TaskOutput, zipped: boolean) {
    this.#file = file;
    this.#zipped = zipped;
  }

  /** A line without its end. */
  writeLine(line: string): void {
    this.#text += line;
    this.#text += "\n";
    if (this.#text.length >= WRITE_CHARS) this.#flush();
  }

  close(): ReturnType<TaskOutput["close"]> {
    // An empty file is not a gzip file.
    if (this.#text !== "" || (this.#zipped && this.#empty)) this.#flush();
    return this.#file.close();
  }

  abandon(): void {
    this.#file.abandon();
  }

  #flush(): void {
    const bytes = Buffer.from(this.#text, "utf8");
    this.#text = "";
    this.#empty = false;
    // A gzip file may have any number of members, one after the other.
    this.#file.write(this.#zipped ? gzipSync(bytes) : bytes);
  }
}
