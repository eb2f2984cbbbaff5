import { assert } from "@millrace/base";
import { HASH_VERSION } from "@millrace/codec";
import { within } from "@millrace/files";
import type { Piece } from "./cover.ts";
import type { Fetched, Fetching } from "./fetching.ts";
import { deltaFileName, partFileName, sliceFileName } from "./file-names.ts";
import { readRows, type StateRows } from "./rows.ts";
import { decodeStateFile, type ExpectedFile } from "./state-file.ts";
import {
  isGone,
  type ListedPartition,
  type OnDamage,
  READ_AHEAD,
  type RowsTaker,
  type WalkedPartition,
  walk,
} from "./walk.ts";

/** A partition whose deltas have been taken. */
interface Opened extends Pick<WalkedPartition, "layers"> {
  readonly listed: ListedPartition;
  readonly parts: PartCache;
}

/** A file of a piece. */
interface PieceFile {
  readonly name: string;
  readonly expected: Pick<ExpectedFile, "version" | "kind" | "groups">;
}

/**
 * Takes the rows of pieces. Where a file cannot be read, its key groups are put together from the deltas that it was made of or,
 * for a slice, from the slices before it and the deltas since.
 *
 * @throws What was wrong with a file, if there is no way around it.
 */
export function* takePieces(
  opened: Opened,
  pieces: readonly Piece[],
  taker: RowsTaker,
  options: { readonly onDamage: OnDamage; readonly without?: ReadonlySet<string> },
): Fetching<void> {
  const { listed, parts } = opened;
  for (let next = 0; next < pieces.length; ) {
    const some: { readonly piece: Piece; readonly files: readonly PieceFile[] }[] = [];
    const wanted = new Set<string>();
    const fetched = new Map<string, Fetched>();
    while (next < pieces.length && (some.length === 0 || wanted.size < READ_AHEAD)) {
      const piece = pieces[next++];
      if (piece === undefined) break;
      const files = filesOf(opened, piece);
      some.push({ piece, files });
      for (const { name } of files) {
        const cached = parts.get(name);
        if (cached === undefined) wanted.add(name);
        else fetched.set(name, cached);
      }
    }
    if (wanted.size > 0) {
      const names = [...wanted];
      const found = yield names.map((name) => within(listed.folder, name));
      names.forEach((name, at) => {
        const file = found[at];
        if (file !== undefined) fetched.set(name, file);
      });
    }
    for (const { piece, files } of some) yield* takePiece(opened, { piece, files, fetched }, taker, options);
  }
}

/** Newest first. */
function filesOf({ layers }: Opened, piece: Piece): readonly PieceFile[] {
  const files: PieceFile[] = [];
  for (const { version, merged } of layers.slice(0, piece.layers)) {
    if (merged === undefined) files.push({ name: deltaFileName(version), expected: { version, kind: "delta" } });
    for (const groups of merged?.parts ?? []) {
      if (groups.first > piece.last || groups.last < piece.first) continue;
      const { count = 1 } = merged ?? {};
      files.push({ name: partFileName({ version, count, ...groups }), expected: { version, kind: "part", groups } });
    }
  }
  const { slice } = piece;
  if (slice !== undefined)
    files.push({ name: sliceFileName(slice), expected: { version: slice.version, kind: "slice", groups: slice } });
  return files;
}

function* takePiece(
  opened: Opened,
  {
    piece,
    files,
    fetched,
  }: {
    readonly piece: Piece;
    readonly files: readonly PieceFile[];
    readonly fetched: ReadonlyMap<string, Fetched>;
  },
  taker: RowsTaker,
  options: { readonly onDamage: OnDamage; readonly without?: ReadonlySet<string> },
): Fetching<void> {
  const isOfPiece = (group: number): boolean => group >= piece.first && group <= piece.last;
  const rows: StateRows[] = [];
  for (const file of files) {
    try {
      const found = fetched.get(file.name);
      assert(found !== undefined, `${file.name} was not fetched`);
      rows.push(...rowsOf(opened.listed, piece, file, found));
      if (file.expected.kind !== "slice" && "bytes" in found) opened.parts.add(file.name, found);
    } catch (error) {
      for (const group of rows) taker.take(group, isOfPiece);
      yield* takeAround(opened.listed, { piece, file, error }, taker, options);
      return;
    }
  }
  for (const group of rows) taker.take(group, isOfPiece);
}

/** The rows of a file that may be of a piece. All of them are read before one is taken. */
function rowsOf(
  { of, folder }: ListedPartition,
  { first, last }: Piece,
  { name, expected }: PieceFile,
  file: Fetched,
): readonly StateRows[] {
  if ("error" in file) throw file.error;
  const place = { of, path: within(folder, name) };
  const content = decodeStateFile({ place, ...expected }, file.bytes, HASH_VERSION);
  const rows: StateRows[] = [];
  content.rowGroups.forEach((group, at) => {
    if (group.first <= last && group.last >= first) rows.push(readRows(content, at));
  });
  return rows;
}

function* takeAround(
  listed: ListedPartition,
  { piece, file, error }: { readonly piece: Piece; readonly file: PieceFile; readonly error: unknown },
  taker: RowsTaker,
  { onDamage, without = NONE }: { readonly onDamage: OnDamage; readonly without?: ReadonlySet<string> },
): Fetching<void> {
  onDamage(file.name, error);
  const others = new Set([...without, file.name]);
  const { first, last } = piece;
  try {
    const walked = yield* walk(listed, file.expected.version, taker, { groups: { first, last }, without: others });
    yield* takePieces({ listed, ...walked, parts: new PartCache() }, walked.pieces, taker, {
      onDamage,
      without: others,
    });
  } catch (older) {
    throw isGone(error) ? older : error; // what is damaged should have worked
  }
}

/** A part has rows of many slices, which are read one after the other. */
const CACHED_BYTES_MAX = 16 * 1024 * 1024;

/** Parts that were read last. */
export class PartCache {
  readonly #files = new Map<string, { readonly bytes: Uint8Array }>();
  #bytes = 0;

  get(name: string): { readonly bytes: Uint8Array } | undefined {
    return this.#files.get(name);
  }

  add(name: string, file: { readonly bytes: Uint8Array }): void {
    this.#bytes += file.bytes.length - (this.#files.get(name)?.bytes.length ?? 0);
    this.#files.delete(name); // it becomes the newest
    this.#files.set(name, file);
    for (const [oldest, { bytes }] of this.#files) {
      if (this.#bytes <= CACHED_BYTES_MAX) return;
      this.#files.delete(oldest);
      this.#bytes -= bytes.length;
    }
  }
}

const NONE: ReadonlySet<string> = new Set();
