import { createHash } from "node:crypto";
import type { FileWriter, Location, WrittenContent } from "millrace";
import { fileErrors } from "millrace";
import { codeOf } from "./errors.ts";
import { objectOf, type S3Store, tagOf } from "./store.ts";

/** The service's limit. */
const PARTS_MAX = 10_000;

interface Upload {
  readonly id: string;
  /** Entity tags of the parts, in order. */
  readonly tags: string[];
}

/**
 * Writes an object that becomes visible when it is closed: with one request if it is no longer than a part, and otherwise as
 * an upload of parts of equal size, the last one apart.
 */
export class S3Writer implements FileWriter {
  readonly path: Location;
  readonly #store: S3Store;
  readonly #chunks: Uint8Array[] = [];
  #waiting = 0;
  #bytes = 0;
  #upload: Upload | undefined;

  constructor(store: S3Store, path: Location) {
    this.#store = store;
    this.path = path;
  }

  get bytes(): number {
    return this.#bytes;
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#chunks.push(new Uint8Array(chunk));
    this.#waiting += chunk.length;
    this.#bytes += chunk.length;
    const { partBytes } = this.#store.settings;
    while (this.#waiting > partBytes) await this.#sendPart(partBytes);
  }

  async close(): Promise<WrittenContent> {
    if (this.#upload === undefined) return { bytes: this.#bytes, token: await this.#put() };
    await this.#sendPart(this.#waiting);
    return { bytes: this.#bytes, token: await this.#complete(this.#upload) };
  }

  async abandon(): Promise<void> {
    const upload = this.#upload;
    this.#chunks.length = 0;
    await this.#store.call("remove", this.path, async (client, sdk) => {
      const object = objectOf(this.path);
      if (upload !== undefined) {
        await client
          .send(new sdk.AbortMultipartUploadCommand({ ...object, UploadId: upload.id }))
          .catch((error: unknown) => {
            if (codeOf(error) !== "NoSuchUpload") throw error;
          });
      }
      await client.send(new sdk.DeleteObjectCommand(object)); // the request to write it may have succeeded unnoticed
    });
  }

  #put(): Promise<string> {
    const Body = this.#take(this.#waiting);
    return this.#store.call("write", this.path, async (client, sdk) => {
      const { ETag } = await client.send(new sdk.PutObjectCommand({ ...objectOf(this.path), Body }));
      return tagOf(ETag);
    });
  }

  async #sendPart(bytes: number): Promise<void> {
    this.#upload ??= { id: await this.#begin(), tags: [] };
    const { id, tags } = this.#upload;
    if (tags.length === PARTS_MAX) {
      throw fileErrors.io(
        `could not write ${this.path}: a file has at most ${PARTS_MAX} parts of ${this.#store.settings.partBytes} bytes. Raise partBytes, or write more and smaller files.`,
        { fields: { path: this.path } },
      );
    }
    const Body = this.#take(bytes);
    const part = { ...objectOf(this.path), UploadId: id, PartNumber: tags.length + 1, Body };
    tags.push(
      await this.#store.call("write", this.path, async (client, sdk) =>
        tagOf((await client.send(new sdk.UploadPartCommand(part))).ETag),
      ),
    );
  }

  #begin(): Promise<string> {
    return this.#store.call("begin an upload of", this.path, async (client, sdk) => {
      const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand(objectOf(this.path)));
      return UploadId ?? "";
    });
  }

  #complete({ id, tags }: Upload): Promise<string> {
    const object = objectOf(this.path);
    const Parts = tags.map((ETag, i) => ({ ETag, PartNumber: i + 1 }));
    return this.#store.call("complete the upload of", this.path, async (client, sdk) => {
      try {
        const upload = { ...object, UploadId: id, MultipartUpload: { Parts } };
        return tagOf((await client.send(new sdk.CompleteMultipartUploadCommand(upload))).ETag);
      } catch (error) {
        if (codeOf(error) !== "NoSuchUpload") throw error;
        // Perhaps an earlier attempt has completed it, and its answer was lost.
        const tag = tagOf((await client.send(new sdk.HeadObjectCommand(object))).ETag);
        if (tag !== tagOfParts(tags)) throw error;
        return tag;
      }
    });
  }

  /** The first bytes of what waits. */
  #take(bytes: number): Uint8Array {
    const all = Buffer.concat(this.#chunks);
    this.#chunks.length = 0;
    this.#waiting -= bytes;
    if (this.#waiting > 0) this.#chunks.push(all.subarray(bytes));
    return all.subarray(0, bytes);
  }
}

/** The entity tag of an object of these parts, as the service makes it. */
function tagOfParts(tags: readonly string[]): string {
  const hash = createHash("md5");
  for (const tag of tags) hash.update(tag, "hex");
  return `${hash.digest("hex")}-${tags.length}`;
}
