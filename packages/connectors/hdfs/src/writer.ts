import { once } from "node:events";
import type { ClientRequest, IncomingMessage } from "node:http";
import type { FileWriter, Location, WrittenContent } from "millrace";
import { answerTo, refusalIn, type WebHdfs } from "./web-hdfs.ts";

/** Writes a file with one request, whose content is sent as it comes. A request that fails in between is not repeated. */
export class HdfsWriter implements FileWriter {
  readonly path: Location;
  readonly #hdfs: WebHdfs;
  readonly #request: ClientRequest;
  readonly #answer: Promise<IncomingMessage>;
  readonly #after: Readonly<{ token: () => Promise<string>; remove: () => Promise<void> }>;
  /** Rejects when the data node answers before the end of the content: it refuses. */
  readonly #refused: Promise<void>;
  #bytes = 0;
  #ended = false;

  /** @param request To the data node. */
  constructor(
    hdfs: WebHdfs,
    path: Location,
    request: ClientRequest,
    after: { readonly token: () => Promise<string>; readonly remove: () => Promise<void> },
  ) {
    this.#hdfs = hdfs;
    this.path = path;
    this.#request = request;
    this.#after = after;
    this.#answer = answerTo(request);
    this.#refused = this.#answer.then(async (answer) => {
      if (!this.#ended) throw await refusalIn(answer);
    });
    this.#refused.catch(() => {}); // told by the next call
    request.on("error", () => {}); // as well
  }

  get bytes(): number {
    return this.#bytes;
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#bytes += chunk.length;
    await this.#hdfs.once("write", this.path, async () => {
      if (!this.#request.write(new Uint8Array(chunk)))
        await Promise.race([once(this.#request, "drain"), this.#refused]);
    });
  }

  async close(): Promise<WrittenContent> {
    await this.finish();
    return { bytes: this.#bytes, token: await this.#after.token() };
  }

  /** Ends the file, without asking for its version. */
  async finish(): Promise<void> {
    await this.#hdfs.once("write", this.path, async () => {
      this.#ended = true;
      this.#request.end();
      await this.#refused;
      const answer = await this.#answer;
      if (answer.statusCode !== 201 && answer.statusCode !== 200) throw await refusalIn(answer);
      answer.resume();
    });
  }

  async abandon(): Promise<void> {
    this.#request.destroy();
    await this.#after.remove();
  }
}
