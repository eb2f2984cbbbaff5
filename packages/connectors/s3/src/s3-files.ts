import { randomUUID } from "node:crypto";
import type { CommonPrefix, S3Client, _Object as StoredObject } from "@aws-sdk/client-s3";
import {
  type ByteRange,
  type FileAccess,
  type FileEntry,
  type FileReader,
  type FileStat,
  type FileSystem,
  type FileWriter,
  fileErrors,
  type Location,
  locations,
  readByOpening,
} from "millrace";
import { abortUploads, atOnce, copyObject, type ListedObject } from "./copy.ts";
import { statusOf } from "./errors.ts";
import { type S3Options, settingsOf } from "./options.ts";
import { S3Reader } from "./reader.ts";
import { objectOf, prefixOf, S3Store, type Sdk, tagOf } from "./store.ts";
import { S3Writer } from "./writer.ts";

const DIRECTORY: FileStat = { kind: "directory", bytes: 0, modifiedMs: 0, version: "" };
const COPIES_AT_ONCE = 16;
/** Says which call has written an object: its answer may have been lost. */
const WRITER = "millrace-writer";
const SUCCESS = "_SUCCESS";
const EMPTY = new Uint8Array(0);

/**
 * A file system for `s3://bucket/key`, on AWS or a compatible store. A file is an object, and a directory a common prefix of
 * keys, with an empty object `prefix/` if it was made without content.
 */
class S3Files implements FileSystem {
  readonly scheme = "s3";
  readonly appearsLate = true;
  readonly #store: S3Store;
  /** Buckets whose store is known to refuse what exists. */
  readonly #exclusive = new Set<string>();

  constructor(store: S3Store) {
    this.#store = store;
  }

  async *list(directory: Location): AsyncGenerator<readonly FileEntry[], void, undefined> {
    const prefix = prefixOf(directory);
    let found = prefix === "";
    let token: string | undefined;
    do {
      const page = await this.#listPage("list", directory, { Prefix: prefix, Delimiter: "/" }, token);
      token = page.next;
      found ||= page.objects.length + page.prefixes.length > 0;
      if (!found && token === undefined) throw await this.#noDirectory(directory);
      const entries = [
        ...page.prefixes.map((key) => ({ ...DIRECTORY, ...placed(directory, key.slice(prefix.length, -1)) })),
        ...page.objects.map((object) => ({
          ...fileStat(object),
          ...placed(directory, object.key.slice(prefix.length)),
        })),
      ];
      yield entries.filter(({ name }) => name !== "" && !name.includes("/"));
    } while (token !== undefined);
  }

  /** An upload that is begun and ended at once shows the permission to write, and leaves nothing. */
  probe(path: Location, access: FileAccess): Promise<void> {
    return this.#store.once(access, path, async (client, sdk) => {
      if (access === "read") {
        if ((await this.#lookOnce(client, sdk, path)) === undefined) throw notFound(access, path);
        return;
      }
      const { Bucket } = objectOf(path);
      const object = { Bucket, Key: `${prefixOf(path)}.millrace-probe` };
      const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand(object));
      await client.send(new sdk.AbortMultipartUploadCommand({ ...object, UploadId }));
    });
  }

  stat(path: Location): Promise<FileStat | undefined> {
    return this.#look("examine", path);
  }

  read(file: Location, range?: ByteRange): Promise<Uint8Array> {
    return readByOpening(this, file, range);
  }

  async open(file: Location): Promise<FileReader> {
    const stat = await this.#look("open", file);
    if (stat?.kind === "file") return new S3Reader(this.#store, file, stat);
    if (stat === undefined) throw notFound("open", file);
    throw fileErrors.wrongKind(`could not open ${file}: it is a directory. Name an object.`, {
      fields: { path: file },
    });
  }

  async write(file: Location, parts: readonly Uint8Array[]): Promise<void> {
    const Body = Buffer.concat(parts);
    await this.#store.call("write", file, (client, sdk) =>
      client.send(new sdk.PutObjectCommand({ ...objectOf(file), Body })),
    );
  }

  async writeNew(file: Location, parts: readonly Uint8Array[]): Promise<boolean> {
    const Body = Buffer.concat(parts);
    const Metadata = { [WRITER]: randomUUID() };
    const object = { ...objectOf(file), Metadata };
    const create = () =>
      this.#store.call("create", file, async (client, sdk) => {
        try {
          await client.send(new sdk.PutObjectCommand({ ...object, Body, IfNoneMatch: "*" }));
          return true;
        } catch (error) {
          const status = statusOf(error);
          // Another one is being written at the same moment: that one may still fail.
          if (status === 409) throw Object.assign(new Error("another request writes it"), { name: "OperationAborted" });
          if (status !== 412) throw error;
          return false;
        }
      });
    if (!(await create())) return this.#isWrittenBy(file, Metadata[WRITER]);
    if (this.#exclusive.has(object.Bucket)) return true;
    if (await create()) {
      throw fileErrors.refused(
        `the store of ${locations.rootOf(file)} does not know conditional writes (If-None-Match): it has replaced ${file}. A checkpoint there would have no protection from a second owner. Use a store that has them, as AWS, MinIO and Ceph do.`,
        { fields: { path: file } },
      );
    }
    this.#exclusive.add(object.Bucket);
    return true;
  }

  async link(file: Location, name: Location): Promise<void> {
    const stat = await this.#look(`copy to ${name}`, file);
    if (stat?.kind !== "file") throw notFound(`copy to ${name}`, file);
    if ((await this.stat(name)) !== undefined) {
      throw fileErrors.exists(
        `could not copy ${file} to ${name}: something is there. Remove it, or choose another name.`,
        {
          fields: { path: name },
        },
      );
    }
    await copyObject(this.#store, { ...stat, key: objectOf(file).Key, tag: stat.version }, file, name);
  }

  async create(file: Location): Promise<FileWriter> {
    return new S3Writer(this.#store, file);
  }

  /** Object by object, `_SUCCESS` last. */
  async publish(staged: Location, target: Location): Promise<void> {
    const stat = await this.#look("publish", staged);
    if (stat === undefined) throw notFound("publish", staged);
    if (stat.kind === "file") {
      await copyObject(this.#store, { ...stat, key: objectOf(staged).Key, tag: stat.version }, staged, target);
      return this.#delete(staged);
    }
    await this.#publishAll(staged, target);
    await this.remove(staged);
  }

  async #publishAll(staged: Location, target: Location): Promise<void> {
    const [from, to] = [prefixOf(staged), prefixOf(target)];
    const objects = await this.#below("publish", staged);
    const there = new Map<string, string>();
    for (const { key, tag } of await this.#below("publish to", target))
      if (key !== to) there.set(key.slice(to.length), tag);
    const missing = objects.filter(({ key, tag }) => key !== from && there.get(key.slice(from.length)) !== tag);
    // What is there may be from an earlier call that was interrupted; anything else is not to be touched.
    const ours = new Set(objects.map(({ key }) => key.slice(from.length)));
    const foreign =
      missing.some(({ key }) => there.has(key.slice(from.length))) || [...there.keys()].some((name) => !ours.has(name));
    if (missing.length > 0 && foreign) {
      throw fileErrors.exists(`could not publish ${staged}: there are objects below ${target}. Remove them first.`, {
        fields: { path: target },
      });
    }
    const root = locations.rootOf(staged);
    const copy = (object: ListedObject): Promise<void> =>
      copyObject(this.#store, object, at(root, object.key), at(root, to + object.key.slice(from.length)));
    const isLast = ({ key }: ListedObject): boolean => key === `${from}${SUCCESS}`;
    const first = missing.filter((object) => !isLast(object));
    await atOnce(COPIES_AT_ONCE, first.length, (i) => copyOf(first[i], copy));
    for (const last of missing.filter(isLast)) await copy(last);
  }

  async makeDirectory(directory: Location): Promise<void> {
    if (directory === locations.rootOf(directory)) return;
    const { Bucket } = objectOf(directory);
    await this.#store.call("make the directory", directory, (client, sdk) =>
      client.send(new sdk.PutObjectCommand({ Bucket, Key: prefixOf(directory), Body: EMPTY })),
    );
  }

  async remove(path: Location): Promise<void> {
    const { Bucket, Key } = objectOf(path);
    if (Key === "") {
      throw fileErrors.forbidden(`could not remove ${path}: a whole bucket is not removed. Name a directory in it.`, {
        fields: { path },
      });
    }
    const [objects] = await Promise.all([this.#below("remove", path), this.#delete(path)]);
    if (objects.length === 0) return;
    await this.#store.call("remove", path, async (client, sdk) => {
      // Of a task that was killed while it wrote.
      await abortUploads(client, sdk, path, false);
      // A directory after what is in it.
      const keys = objects.map(({ key }) => key).reverse();
      for (let i = 0; i < keys.length; i += 1000) {
        const Delete = { Objects: keys.slice(i, i + 1000).map((key) => ({ Key: key })), Quiet: true };
        const { Errors } = await client.send(new sdk.DeleteObjectsCommand({ Bucket, Delete }));
        const failed = Errors?.find(({ Code }) => Code !== "NoSuchKey");
        if (failed !== undefined)
          throw Object.assign(new Error(failed.Message), { name: failed.Code ?? "UnknownError" });
      }
    });
  }

  async #delete(path: Location): Promise<void> {
    await this.#store.call("remove", path, (client, sdk) => client.send(new sdk.DeleteObjectCommand(objectOf(path))));
  }

  /** `undefined`: there is neither an object nor a directory. */
  #look(what: string, path: Location): Promise<FileStat | undefined> {
    return this.#store.call(what, path, (client, sdk) => this.#lookOnce(client, sdk, path));
  }

  async #lookOnce(client: S3Client, sdk: Sdk, path: Location): Promise<FileStat | undefined> {
    const { Bucket, Key } = objectOf(path);
    const failure = Key === "" ? undefined : await this.#head(client, sdk, { Bucket, Key });
    if (failure !== undefined && "kind" in failure) return failure;
    // An answer to HEAD has no words. Those to a listing say what is wrong, be it the bucket or the credentials.
    const Prefix = prefixOf(path);
    const { Contents = [] } = await client.send(new sdk.ListObjectsV2Command({ Bucket, Prefix, MaxKeys: 1 }));
    if (failure !== undefined && statusOf(failure.error) !== 404) throw failure.error;
    return Key === "" || Contents.length > 0 ? DIRECTORY : undefined;
  }

  /** The object, or why a request for it was refused. */
  async #head(
    client: S3Client,
    sdk: Sdk,
    object: { readonly Bucket: string; readonly Key: string },
  ): Promise<FileStat | { readonly error: unknown }> {
    try {
      const { ContentLength, LastModified, ETag } = await client.send(new sdk.HeadObjectCommand(object));
      return fileStat({ bytes: ContentLength ?? 0, tag: tagOf(ETag), modifiedMs: LastModified?.getTime() ?? 0 });
    } catch (error) {
      const status = statusOf(error) ?? 0;
      if (status < 400 || status >= 500) throw error;
      return { error };
    }
  }

  async #noDirectory(directory: Location): Promise<Error> {
    if ((await this.#look("list", directory)) === undefined) return notFound("list", directory);
    return fileErrors.wrongKind(`could not list ${directory}: it is an object. Name a directory.`, {
      fields: { path: directory },
    });
  }

  async #isWrittenBy(file: Location, writer: string | undefined): Promise<boolean> {
    return this.#store.call("examine", file, async (client, sdk) => {
      try {
        const { Metadata } = await client.send(new sdk.HeadObjectCommand(objectOf(file)));
        return Metadata?.[WRITER] === writer;
      } catch (error) {
        if (statusOf(error) === 404) return false; // removed since
        throw error;
      }
    });
  }

  async #below(what: string, directory: Location): Promise<readonly ListedObject[]> {
    const objects: ListedObject[] = [];
    let token: string | undefined;
    do {
      const page = await this.#listPage(what, directory, { Prefix: prefixOf(directory) }, token);
      objects.push(...page.objects);
      token = page.next;
    } while (token !== undefined);
    return objects;
  }

  #listPage(
    what: string,
    directory: Location,
    query: { readonly Prefix: string; readonly Delimiter?: string; readonly MaxKeys?: number },
    token?: string,
  ) {
    const { Bucket } = objectOf(directory);
    return this.#store.call(what, directory, async (client, sdk) => {
      const more = token === undefined ? {} : { ContinuationToken: token };
      const page = await client.send(new sdk.ListObjectsV2Command({ Bucket, ...query, ...more, EncodingType: "url" }));
      const decode = page.EncodingType === "url" ? decodeKey : (key: string) => key;
      return {
        objects: (page.Contents ?? []).flatMap((object) => listed(object, decode)),
        prefixes: (page.CommonPrefixes ?? []).flatMap(({ Prefix }: CommonPrefix) =>
          Prefix === undefined ? [] : [decode(Prefix)],
        ),
        next: page.IsTruncated === true ? page.NextContinuationToken : undefined,
      };
    });
  }
}

/**
 * A file system for `s3://bucket/key`. `import "@millrace/s3"` is enough to use it with the options of the environment; with
 * others, register it at the top of a module of the job: `registerFileSystem("s3", () => s3Files({ endpoint }))`.
 *
 * @throws FILE_SYSTEM_REFUSED The options are not valid.
 */
export function s3Files(options: S3Options = {}): FileSystem {
  return new S3Files(new S3Store(settingsOf(options, process.env)));
}

interface DatedObject extends ListedObject {
  readonly modifiedMs: number;
}

function listed(
  { Key, Size, ETag, LastModified }: StoredObject,
  decode: (key: string) => string,
): readonly DatedObject[] {
  if (Key === undefined) return [];
  return [{ key: decode(Key), bytes: Size ?? 0, tag: tagOf(ETag), modifiedMs: LastModified?.getTime() ?? 0 }];
}

function decodeKey(key: string): string {
  return decodeURIComponent(key.replaceAll("+", " "));
}

function fileStat({ bytes, tag, modifiedMs }: Omit<DatedObject, "key">): FileStat {
  return { kind: "file", bytes, modifiedMs, version: tag };
}

function placed(directory: Location, name: string): { readonly name: string; readonly path: Location } {
  return { name, path: locations.within(directory, name) };
}

function at(root: Location, key: string): Location {
  return locations.within(root, key);
}

async function copyOf(object: ListedObject | undefined, copy: (object: ListedObject) => Promise<void>): Promise<void> {
  if (object !== undefined) await copy(object);
}

function notFound(what: string, path: Location): Error {
  return fileErrors.notFound(`could not ${what} ${path}: nothing is there. Check the bucket and the key.`, {
    fields: { path },
  });
}
