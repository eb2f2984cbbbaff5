import type { ByteRange, FileSystem } from "./file-system.ts";
import type { Location } from "./location.ts";

/**
 * The `read` of a file system that has no shorter way than its `open`: the whole file, or a range of it as far as it exists.
 *
 * @throws What `open` throws, and what its reader does.
 */
export async function readByOpening(
  files: Pick<FileSystem, "open">,
  file: Location,
  range?: ByteRange,
): Promise<Uint8Array> {
  const reader = await files.open(file);
  try {
    const start = range?.start ?? 0;
    const bytes = Math.max(0, Math.min(range?.end ?? reader.bytes, reader.bytes) - start);
    const target = Buffer.allocUnsafeSlow(bytes);
    const read = await reader.read(target, start);
    return read === bytes ? target : target.subarray(0, read);
  } finally {
    await reader.close();
  }
}
