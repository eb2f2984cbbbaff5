import { unreachable } from "@millrace/base";
import type { ByteWriter } from "../bytes/byte-writer.ts";
import { TEXT_LATIN1, writeText } from "../bytes/text.ts";
import type { ClassTable } from "../class-table.ts";
import { TEXT_UNITS_MAX, throwTooLarge } from "../errors.ts";
import { ValueReader } from "../value/value-reader.ts";
import { ValueWriter } from "../value/value-writer.ts";
import { COLUMN, COLUMN_HEADER_BYTES, type ColumnKind } from "./frame.ts";

/** The values that a column has had so far; `any` while it is empty. */
const MODE = { any: 0, strings: 1, numbers: 2, pairs: 3, values: 4 } as const;
type Mode = (typeof MODE)[keyof typeof MODE];

/** Depth to which nested pairs become columns. */
const PAIR_DEPTH_MAX = 3;
/**
 * Frames of mixed rows for which a column uses the layout of values at once, before it looks for a better one again.
 */
const MIXED_FRAMES = 16;
const ROWS_INITIAL = 256;
/** Memory that a column keeps between frames. */
const KEEP_BYTES = 1024 ** 2;

/**
 * Collects the rows of one column of one frame, and chooses their layout by their types. Primitives are kept as they
 * are; values that could change later are encoded at once.
 */
export class ColumnWriter {
  rows = 0;
  readonly #classes: ClassTable;
  readonly #pairDepth: number;
  #mode: Mode = MODE.any;
  #mixedFrames = 0;
  /** Strings: all units in order, and the length of each. */
  #text = "";
  #lengths = new Uint32Array(0);
  #lengthMax = 0;
  /** Bytes per unit in the previous frame: an estimate, since inspecting each string would cost more than it saves. */
  #unitBytes = 1;
  #numbers = new Float64Array(0);
  #allInt32 = true;
  #first: ColumnWriter | undefined;
  #second: ColumnWriter | undefined;
  #values: ValueWriter | undefined;

  constructor(classes: ClassTable, pairDepth = 0) {
    this.#classes = classes;
    this.#pairDepth = pairDepth;
  }

  /** Approximate size of this column in the frame. */
  size(): number {
    switch (this.#mode) {
      case MODE.strings:
        return this.#text.length * this.#unitBytes + this.rows;
      case MODE.numbers:
        return this.rows * 8;
      case MODE.pairs:
        return (this.#first?.size() ?? 0) + (this.#second?.size() ?? 0);
      case MODE.values:
        return this.#values?.size ?? 0;
      default:
        return 0;
    }
  }

  /** @throws NotEncodable, RECORD_TOO_LARGE; only `reset` makes it usable again. */
  write(value: unknown): void {
    const mode = this.#mode;
    if (mode === MODE.strings && typeof value === "string") this.#string(value);
    else if (mode === MODE.numbers && typeof value === "number") this.#number(value);
    else if (mode === MODE.pairs && isPair(value)) this.#pair(value[0], value[1]);
    else if (mode === MODE.values && this.#values !== undefined) this.#value(this.#values, value);
    else this.#writeOther(value);
  }

  /** As `write([first, second])`, without the array. */
  writePair(first: unknown, second: unknown): void {
    if (this.#mode === MODE.pairs) {
      this.#pair(first, second);
    } else if (this.#mode === MODE.any && this.#mixedFrames === 0) {
      this.#mode = MODE.pairs;
      this.#pair(first, second);
    } else {
      this.write([first, second]);
    }
  }

  /** Appends the column and begins the next frame. */
  finish(out: ByteWriter): void {
    out.align8();
    const start = out.length;
    out.ensure(COLUMN_HEADER_BYTES);
    out.bytes.fill(0, start, start + COLUMN_HEADER_BYTES);
    out.length += COLUMN_HEADER_BYTES;
    const kind = this.#finishData(out, start);
    out.align8();
    out.view.setUint8(start, kind);
    out.view.setUint32(start + 4, out.length - start - COLUMN_HEADER_BYTES, true);
    this.reset();
  }

  reset(): void {
    if (this.#mode === MODE.values && this.#mixedFrames > 0) this.#mixedFrames -= 1;
    this.#mode = MODE.any;
    this.rows = 0;
    this.#text = "";
    this.#lengthMax = 0;
    this.#allInt32 = true;
    this.#values?.reset(KEEP_BYTES);
    this.#first?.reset();
    this.#second?.reset();
  }

  #string(value: string): void {
    const row = this.rows;
    const units = value.length;
    if (row === this.#lengths.length) this.#lengths = grown(this.#lengths, Uint32Array);
    if (units > this.#lengthMax) this.#newLongest(units);
    this.#lengths[row] = units;
    this.#text += value;
    this.rows = row + 1;
  }

  #newLongest(units: number): void {
    if (this.#text.length + units > TEXT_UNITS_MAX) throwTooLarge(this.#text.length + units);
    this.#lengthMax = units;
  }

  #number(value: number): void {
    const row = this.rows;
    if (row === this.#numbers.length) this.#numbers = grown(this.#numbers, Float64Array);
    this.#numbers[row] = value;
    if (this.#allInt32 && ((value | 0) !== value || (value === 0 && 1 / value < 0))) this.#allInt32 = false;
    this.rows = row + 1;
  }

  #pair(first: unknown, second: unknown): void {
    this.#first ??= new ColumnWriter(this.#classes, this.#pairDepth + 1);
    this.#second ??= new ColumnWriter(this.#classes, this.#pairDepth + 1);
    this.#first.write(first);
    this.#second.write(second);
    this.rows += 1;
  }

  #value(values: ValueWriter, value: unknown): void {
    values.write(value);
    this.rows += 1;
  }

  /** The first row of a frame, or one that does not fit the layout so far. */
  #writeOther(value: unknown): void {
    if (this.#mode === MODE.any) {
      this.#mode = this.#mixedFrames > 0 ? MODE.values : this.#modeFor(value);
      if (this.#mode === MODE.values) this.#values ??= new ValueWriter(this.#classes);
      this.write(value);
      return;
    }
    const rows = this.#read();
    this.reset();
    this.#mixedFrames = MIXED_FRAMES;
    for (const row of rows) this.write(row);
    this.write(value);
  }

  #modeFor(value: unknown): Mode {
    if (typeof value === "string") return MODE.strings;
    if (typeof value === "number") return MODE.numbers;
    return this.#pairDepth < PAIR_DEPTH_MAX && isPair(value) ? MODE.pairs : MODE.values;
  }

  /** The rows so far. */
  #read(): unknown[] {
    const mode = this.#mode;
    switch (mode) {
      case MODE.any:
        return [];
      case MODE.strings: {
        let end = 0;
        return Array.from(this.#lengths.subarray(0, this.rows), (units) => {
          const start = end;
          end += units;
          return this.#text.substring(start, end);
        });
      }
      case MODE.numbers:
        return Array.from(this.#numbers.subarray(0, this.rows));
      case MODE.pairs: {
        if (this.#first === undefined || this.#second === undefined) return [];
        const seconds = this.#second.#read();
        return this.#first.#read().map((first, row) => [first, seconds[row]]);
      }
      case MODE.values:
        return this.#readValues();
      default:
        return unreachable(mode);
    }
  }

  #readValues(): unknown[] {
    const values = this.#values;
    if (values === undefined) return [];
    const reader = new ValueReader(values.bytes, { start: 0, end: values.length }, String(values.text), this.#classes);
    return Array.from({ length: this.rows }, () => reader.read());
  }

  #finishData(out: ByteWriter, start: number): ColumnKind {
    switch (this.#mode) {
      case MODE.strings:
        this.#finishStrings(out, start);
        return COLUMN.strings;
      case MODE.numbers:
        return this.#finishNumbers(out);
      case MODE.pairs:
        this.#first?.finish(out);
        this.#second?.finish(out);
        return COLUMN.pairs;
      default:
        this.#finishValues(out, start);
        return COLUMN.values;
    }
  }

  #finishStrings(out: ByteWriter, start: number): void {
    const rows = this.rows;
    const width = this.#lengthMax < 0x100 ? 1 : this.#lengthMax < 0x10000 ? 2 : 4;
    out.u32(this.#text.length);
    out.ensure(rows * width);
    // The place is a multiple of 4: a column begins at a multiple of 8.
    if (width === 1) copyLengths(this.#lengths, new Uint8Array(out.bytes.buffer, out.length, rows));
    else if (width === 2) new Uint16Array(out.bytes.buffer, out.length, rows).set(this.#lengths.subarray(0, rows));
    else new Uint32Array(out.bytes.buffer, out.length, rows).set(this.#lengths.subarray(0, rows));
    out.length += rows * width;
    const before = out.length;
    const encoding = writeText(out, this.#text);
    this.#unitBytes = out.length - before > this.#text.length ? 2 : 1;
    out.view.setUint8(start + 1, encoding);
    out.view.setUint8(start + 2, width);
  }

  #finishNumbers(out: ByteWriter): ColumnKind {
    const rows = this.rows;
    const numbers = this.#numbers;
    if (!this.#allInt32) {
      out.raw(new Uint8Array(numbers.buffer, 0, rows * 8));
      return COLUMN.float64;
    }
    out.ensure(rows * 4);
    const target = new Int32Array(out.bytes.buffer, out.length, rows);
    for (let row = 0; row < rows; row += 1) target[row] = numbers[row] ?? 0;
    out.length += rows * 4;
    return COLUMN.int32;
  }

  #finishValues(out: ByteWriter, start: number): void {
    const values = this.#values;
    const length = values?.length ?? 0;
    out.u32(values?.text.units ?? 0);
    out.u32(length);
    const encoding = values?.text.writeTo(out) ?? TEXT_LATIN1;
    out.view.setUint8(start + 1, encoding);
    if (values !== undefined) out.raw(values.bytes.subarray(0, length));
  }
}

/** An ordinary array of two elements that both exist: what two columns can hold without loss. */
function isPair(value: unknown): value is [unknown, unknown] {
  return (
    Array.isArray(value) &&
    value.length === 2 &&
    Object.getPrototypeOf(value) === Array.prototype &&
    (value[0] !== undefined || Object.hasOwn(value, 0)) &&
    (value[1] !== undefined || Object.hasOwn(value, 1)) &&
    (value as Partial<RegExpMatchArray>).index === undefined // a match has names besides, which are looked for nowhere else
  );
}

/** Sees one type of array only: `TypedArray.set` between types is much slower. */
function copyLengths(lengths: Uint32Array, target: Uint8Array): void {
  for (let row = 0; row < target.length; row += 1) target[row] = lengths[row] ?? 0;
}

function grown<T extends Uint32Array | Float64Array>(array: T, type: new (length: number) => T): T {
  const larger = new type(Math.max(ROWS_INITIAL, array.length * 4));
  larger.set(array);
  return larger;
}
