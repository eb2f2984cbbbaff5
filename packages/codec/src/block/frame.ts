import { throwCorrupt } from "../errors.ts";
import { HASH_VERSION } from "../key/hash.ts";

/**
 * A block is frames one after the other, each readable alone. A frame begins, little-endian, with
 *
 *   0  u32  magic "MRF\n"
 *   4  u8   format version
 *   5  u8   version of the hash that placed these rows by key
 *   6  u8   layout of its rows, a column kind
 *   7  u8   0
 *   8  u32  rows
 *  12  u32  bytes of the frame, header and padding included; a multiple of 8
 *
 * and continues with one column at offset 16. A column begins at a multiple of 8 with
 *
 *   0  u8   kind
 *   1  u8   text encoding, where it has text
 *   2  u8   bytes of a length, where it has lengths
 *   3  u8   0
 *   4  u32  bytes of its data, padding to a multiple of 8 included
 *
 * and holds as many rows as its frame:
 *
 *   strings  u32 text units, the length of each string in units, text
 *   float64  a float64 each
 *   int32    an int32 each
 *   pairs    two columns: first and second elements
 *   values   u32 text units, u32 bytes of values, text, values (`value/tags.ts`)
 *   lines    u32 bytes of text, u32 0, text with "\n" between lines
 */
const FRAME_MAGIC = 0x0a46524d;
const FORMAT_VERSION = 1;
export const FRAME_HEADER_BYTES = 16;
export const COLUMN_HEADER_BYTES = 8;

export const COLUMN = { strings: 1, float64: 2, int32: 3, pairs: 4, values: 5, lines: 6 } as const;
export type ColumnKind = (typeof COLUMN)[keyof typeof COLUMN];

/** The layout of the rows of a frame. */
export type FrameLayout = keyof typeof COLUMN;

export interface FrameHeader {
  readonly layout: number;
  readonly rows: number;
  readonly byteLength: number;
}

export function writeFrameHeader(view: DataView, header: FrameHeader): void {
  view.setUint32(0, FRAME_MAGIC, true);
  view.setUint8(4, FORMAT_VERSION);
  view.setUint8(5, HASH_VERSION);
  view.setUint8(6, header.layout);
  view.setUint8(7, 0);
  view.setUint32(8, header.rows, true);
  view.setUint32(12, header.byteLength, true);
}

/** The header of the frame at `offset`. @throws BLOCK_CORRUPT Not a complete frame of this version. */
export function readFrameHeader(view: DataView, offset: number): FrameHeader {
  const header = parseFrameHeader(view, offset);
  const left = view.byteLength - offset;
  if (header.byteLength > left)
    throwCorrupt(`a frame of ${header.byteLength} bytes is truncated to ${left}`, { offset });
  return header;
}

/**
 * The header of a frame of which the rest may be missing. @throws BLOCK_CORRUPT No frame of this version begins here.
 */
export function parseFrameHeader(view: DataView, offset: number): FrameHeader {
  const left = view.byteLength - offset;
  if (left < FRAME_HEADER_BYTES) throwCorrupt(`${left} bytes where a frame should begin`, { offset });
  if (view.getUint32(offset, true) !== FRAME_MAGIC) throwCorrupt("no frame begins where one is expected", { offset });
  const format = view.getUint8(offset + 4);
  const hash = view.getUint8(offset + 5);
  if (format !== FORMAT_VERSION || hash !== HASH_VERSION) {
    throwCorrupt(
      `it has format version ${format} and hash version ${hash}, this engine reads ${FORMAT_VERSION} and ${HASH_VERSION}`,
      { offset },
    );
  }
  const byteLength = view.getUint32(offset + 12, true);
  if (byteLength < FRAME_HEADER_BYTES + COLUMN_HEADER_BYTES || byteLength % 8 !== 0) {
    throwCorrupt(`a frame of ${byteLength} bytes is impossible`, { offset });
  }
  return { layout: view.getUint8(offset + 6), rows: view.getUint32(offset + 8, true), byteLength };
}
