export {
  type Column,
  decodeBlock,
  decodeColumnFrame,
  decodeFrame,
  decodePairFrame,
  frameBytes,
  frameRows,
  type PairColumns,
  readFrames,
} from "./block/block-reader.ts";
export { BlockWriter, type BlockWriterOptions, encodeBlock } from "./block/block-writer.ts";
export { FRAME_HEADER_BYTES, type FrameLayout } from "./block/frame.ts";
export {
  LineBlockWriter,
  type LineBlockWriterOptions,
  type LineOptions,
  LineSplitter,
} from "./block/lines.ts";
export { copyBytes } from "./bytes/copy-bytes.ts";
export { detachString } from "./bytes/text.ts";
export {
  type CaptureDecodeHooks,
  type CaptureEncodeHooks,
  decodeCaptures,
  encodeCaptures,
} from "./capture/captures.ts";
export { type AnyClass, type ClassTable, emptyClassTable, mayBeClass } from "./class-table.ts";
export { shown } from "./describe.ts";
export {
  badComparison,
  captureNotShippable,
  lineTooLong,
  RECORD_BYTES_MAX,
  recordTooLarge,
} from "./errors.ts";
export { fromTaggedJson, type Json, PlaceholderClasses, toTaggedJson } from "./json/tagged-json.ts";
export { type CanonicalKey, canonicalKey } from "./key/canonical.ts";
export {
  addToSketch,
  type DistinctSketch,
  emptySketch,
  estimateDistinct,
  mergeSketches,
  precisionFor,
  type SketchPrecision,
} from "./key/distinct-sketch.ts";
export { HASH_VERSION, hashKey, KEY_GROUPS, keyGroup, partitionOf } from "./key/hash.ts";
export { KeyMap } from "./key/key-map.ts";
export { assertOrdered, type Comparison, compareValues, comparisonBy } from "./key/order.ts";
export { decodeValue, type EncodedSink, encodeValue, encodeValueTo, ValueDecoder } from "./value/value.ts";
export type { CaptureReference } from "./value/value-writer.ts";
