import type { S3Client } from "@aws-sdk/client-s3";
import type { Location } from "millrace";
import { objectOf, type S3Store, type Sdk, tagOf } from "./store.ts";

/** An object as it was listed. */
export interface ListedObject {
  readonly key: string;
  readonly bytes: number;
  readonly tag: string;
}

/** The service copies no more than this with one request. */
const COPY_BYTES_MAX = 5 * 2 ** 30;
/** Of copies of larger objects that were not uploaded in parts. */
const LARGE_PART_BYTES = 512 << 20;
const PARTS_AT_ONCE = 8;

/**
 * Copies an object within the store. The copy has the same entity tag, by which the engine recognises its own: an object of
 * several parts is copied part by part.
 */
export function copyObject(store: S3Store, source: ListedObject, from: Location, to: Location): Promise<void> {
  return store.call(`copy ${from} to`, to, async (client, sdk) => {
    const parts = Number(/-(\d+)$/.exec(source.tag)?.[1] ?? 0);
    const CopySource = sourceOf(from);
    const match = { CopySource, CopySourceIfMatch: `"${source.tag}"` };
    if (parts < 2 && source.bytes <= COPY_BYTES_MAX) {
      await client.send(new sdk.CopyObjectCommand({ ...objectOf(to), ...match }));
      return;
    }
    const partBytes = parts < 2 ? LARGE_PART_BYTES : await partBytesOf(client, sdk, { source, from, parts, store });
    await abortUploads(client, sdk, to, true);
    await copyParts(client, sdk, { to, bytes: source.bytes, partBytes, match });
  });
}

async function copyParts(
  client: S3Client,
  sdk: Sdk,
  copy: {
    readonly to: Location;
    readonly bytes: number;
    readonly partBytes: number;
    readonly match: { readonly CopySource: string; readonly CopySourceIfMatch: string };
  },
): Promise<void> {
  const { to, bytes, partBytes, match } = copy;
  const object = objectOf(to);
  const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand(object));
  const copyPart = async (i: number) => {
    const CopySourceRange = `bytes=${i * partBytes}-${Math.min((i + 1) * partBytes, bytes) - 1}`;
    const part = { ...object, ...match, UploadId, PartNumber: i + 1, CopySourceRange };
    const { CopyPartResult } = await client.send(new sdk.UploadPartCopyCommand(part));
    return { PartNumber: i + 1, ETag: tagOf(CopyPartResult?.ETag) };
  };
  const Parts = await atOnce(PARTS_AT_ONCE, Math.ceil(bytes / partBytes), copyPart);
  await client.send(new sdk.CompleteMultipartUploadCommand({ ...object, UploadId, MultipartUpload: { Parts } }));
}

/** The size of all parts of an object but the last: the size of the first one, if the store says it. */
async function partBytesOf(
  client: S3Client,
  sdk: Sdk,
  object: { readonly source: ListedObject; readonly from: Location; readonly parts: number; readonly store: S3Store },
): Promise<number> {
  const { source, from, parts, store } = object;
  const { ContentLength = 0 } = await client.send(new sdk.HeadObjectCommand({ ...objectOf(from), PartNumber: 1 }));
  const fits = (partBytes: number): boolean => partBytes > 0 && Math.ceil(source.bytes / partBytes) === parts;
  return [ContentLength, store.settings.partBytes].find(fits) ?? Math.ceil(source.bytes / parts);
}

/** Ends uploads that nobody completes. @param one Of this object only; otherwise of all in the directory. */
export async function abortUploads(client: S3Client, sdk: Sdk, path: Location, one: boolean): Promise<void> {
  const { Bucket, Key } = objectOf(path);
  const Prefix = one ? Key : `${Key}/`;
  let marker: { readonly KeyMarker?: string; readonly UploadIdMarker?: string } = {};
  for (;;) {
    const page = await client.send(new sdk.ListMultipartUploadsCommand({ Bucket, Prefix, ...marker }));
    for (const upload of page.Uploads ?? []) {
      if (upload.Key === undefined || (one && upload.Key !== Key)) continue;
      await client.send(new sdk.AbortMultipartUploadCommand({ Bucket, Key: upload.Key, UploadId: upload.UploadId }));
    }
    if (page.IsTruncated !== true || page.NextKeyMarker === undefined) return;
    marker = {
      KeyMarker: page.NextKeyMarker,
      ...(page.NextUploadIdMarker === undefined ? {} : { UploadIdMarker: page.NextUploadIdMarker }),
    };
  }
}

/** Does something for each number below `count`, some at once, and gives the results in order. */
export async function atOnce<T>(most: number, count: number, deed: (i: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) {
      const i = next++;
      results[i] = await deed(i);
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, count) }, work));
  return results;
}

function sourceOf(location: Location): string {
  const { Bucket, Key } = objectOf(location);
  return `${Bucket}/${Key.split("/").map(encodeURIComponent).join("/")}`;
}
