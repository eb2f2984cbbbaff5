import { createHash } from "node:crypto";
import { mkdir, rename, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import type { EngineError } from "@millrace/base";
import * as v from "valibot";
import { checkApiVersion } from "./api-version.ts";
import { artefactCorrupt, artefactVersion } from "./errors.ts";

/** A package left outside the bundle: each process resolves it from its own installation. */
export interface ExternalPackage {
  readonly name: string;
  /** The version found where the job was bundled; for messages, not enforced. */
  readonly version: string;
  /** The reason why it is not bundled, such as "has native parts (build/Release/x.node)". */
  readonly reason: string;
}

/** The description of a job, which a process reads before loading it. */
export interface Manifest {
  /** The job file's name, such as `chat-room.ts`. */
  readonly entry: string;
  /** The version of `millrace` that the job was bundled for: one that does not fit is refused on load. */
  readonly apiVersion: string;
  readonly externals: readonly ExternalPackage[];
  /** The author's own files, relative to the folder of the job file, entry first. */
  readonly files: readonly string[];
  /** The number of functions and classes of the job with an id. */
  readonly functions: number;
}

/** A job, ready to ship. */
export interface Artefact {
  /** SHA-256 of everything else, 64 hex digits. */
  readonly hash: string;
  readonly manifest: Manifest;
  /** ESM source text with an inline source map: the build whose functions carry tags. */
  readonly driver: string;
  /** ESM source text with an inline source map: the build that registers a factory for each id. */
  readonly executor: string;
}

/** An artefact on a disk of this machine: two modules to `import()`. */
export interface InstalledArtefact {
  readonly driver: string;
  readonly executor: string;
  readonly manifest: Manifest;
}

const MAGIC = Buffer.from("MRJB", "latin1");
const FORMAT = 1;
/** magic, format (u8), three unused bytes, length of the head (u32). */
const PREFIX_BYTES = 12;
/** The largest accepted job, unpacked: a longer text would not fit a V8 string anyway. */
const UNPACKED_BYTES_MAX = 256 * 1024 * 1024;

interface Head {
  readonly hash: string;
  readonly manifest: Manifest;
  readonly driverBytes: number;
  readonly executorBytes: number;
}

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const HEAD: v.GenericSchema<Head> = v.object({
  hash: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, "want 64 hex digits")), // it becomes a file name
  manifest: v.object({
    entry: v.string(),
    apiVersion: v.string(),
    externals: v.array(v.object({ name: v.string(), version: v.string(), reason: v.string() })),
    files: v.array(v.string()),
    functions: count,
  }),
  driverBytes: count,
  executorBytes: count,
});

/** Assembles an artefact and names it by its content. */
export function makeArtefact(parts: Omit<Artefact, "hash">): Artefact {
  return { hash: hashOf(parts), ...parts };
}

function hashOf(parts: Omit<Artefact, "hash">): string {
  const sha = createHash("sha256");
  for (const text of [JSON.stringify(parts.manifest), parts.driver, parts.executor]) {
    sha.update(`${Buffer.byteLength(text)}\n`).update(text);
  }
  return sha.digest("hex");
}

/** Encodes an artefact for the wire or a file: a small plain head, and the code compressed. */
export function packArtefact(artefact: Artefact): Uint8Array {
  const driver = Buffer.from(artefact.driver);
  const executor = Buffer.from(artefact.executor);
  const head: Head = {
    hash: artefact.hash,
    manifest: artefact.manifest,
    driverBytes: driver.length,
    executorBytes: executor.length,
  };
  const headBytes = Buffer.from(JSON.stringify(head));
  const prefix = Buffer.alloc(PREFIX_BYTES);
  MAGIC.copy(prefix);
  prefix[4] = FORMAT;
  prefix.writeUInt32LE(headBytes.length, 8);
  return Buffer.concat([prefix, headBytes, gzipSync(Buffer.concat([driver, executor]), { level: 4 })]);
}

/**
 * The inverse of {@link packArtefact}, with every length and the hash checked.
 *
 * @throws ARTEFACT_CORRUPT The bytes are truncated, foreign or altered.
 * @throws ARTEFACT_VERSION They have another format.
 */
export function unpackArtefact(packed: Uint8Array): Artefact {
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  const { head, bodyAt } = readHead(bytes);
  const body = inflate(bytes.subarray(bodyAt));
  if (body.length !== head.driverBytes + head.executorBytes) {
    throw corrupt(
      `its code has ${body.length} bytes instead of the announced ${head.driverBytes + head.executorBytes}`,
    );
  }
  const artefact = makeArtefact({
    manifest: head.manifest,
    driver: body.toString("utf8", 0, head.driverBytes),
    executor: body.toString("utf8", head.driverBytes),
  });
  if (artefact.hash !== head.hash) throw corrupt(`its content has the hash ${artefact.hash}, not ${head.hash}`);
  return artefact;
}

/** Reads the manifest and the hash only, without decompression. */
export function readManifest(packed: Uint8Array): { readonly hash: string; readonly manifest: Manifest } {
  return readHead(Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength)).head;
}

function readHead(bytes: Buffer): { head: Head; bodyAt: number } {
  if (bytes.length < PREFIX_BYTES || !bytes.subarray(0, 4).equals(MAGIC)) {
    throw corrupt(`the ${bytes.length} bytes do not begin like a bundled job`);
  }
  if (bytes[4] !== FORMAT) {
    throw artefactVersion(
      `The bundled job has format ${bytes[4]}, this process reads format ${FORMAT}; it was not loaded. ` +
        "Submit the job again with the millrace version that the cluster runs.",
    );
  }
  const headBytes = bytes.readUInt32LE(8);
  const bodyAt = PREFIX_BYTES + headBytes;
  if (bodyAt > bytes.length) throw corrupt(`it ends within its head: ${bytes.length} of ${bodyAt} bytes`);
  const head = parseJson(bytes.toString("utf8", PREFIX_BYTES, bodyAt));
  if (v.is(HEAD, head)) return { head, bodyAt }; // unchanged: the hash depends on the order of its fields
  const issue = v.safeParse(HEAD, head).issues?.[0];
  throw corrupt(`in its head, ${issue === undefined ? "" : `${v.getDotPath(issue) ?? "all"}: ${issue.message}`}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw corrupt("its head is not JSON", error);
  }
}

function inflate(bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: UNPACKED_BYTES_MAX });
  } catch (error) {
    throw corrupt(`its code does not decompress (${bytes.length} bytes)`, error);
  }
}

function corrupt(what: string, cause?: unknown): EngineError {
  return artefactCorrupt(`A bundled job could not be read: ${what}. It was not loaded. Submit the job again.`, {
    cause,
  });
}

/**
 * Writes an artefact's two modules into `dir`, named by its hash, so that a process can `import()` them. Repetitions
 * and races are harmless: files appear by rename, and equal names have equal contents.
 *
 * @throws ARTEFACT_CORRUPT
 * @throws ARTEFACT_VERSION This process may lack what the job uses: see {@link checkApiVersion}.
 */
export async function installArtefact(packed: Uint8Array, dir: string): Promise<InstalledArtefact> {
  const { entry, apiVersion } = readManifest(packed).manifest;
  checkApiVersion(entry, apiVersion);
  const artefact = unpackArtefact(packed);
  await mkdir(dir, { recursive: true });
  const driver = join(dir, `${artefact.hash}.driver.mjs`);
  const executor = join(dir, `${artefact.hash}.executor.mjs`);
  await Promise.all([writeOnce(driver, artefact.driver), writeOnce(executor, artefact.executor)]);
  return { driver, executor, manifest: artefact.manifest };
}

async function writeOnce(path: string, text: string): Promise<void> {
  const size = await stat(path).then(
    (found) => found.size,
    () => -1,
  );
  if (size === Buffer.byteLength(text)) return;
  const temporary = `${path}.${process.pid}.${process.hrtime.bigint()}.tmp`; // no two writers share a name
  try {
    await writeFile(temporary, text);
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
}
