import { type ErrorFactory, errorKind } from "@millrace/base";
import { hashKey, hashKeyAgain } from "./hash.ts";

const badPrecision: ErrorFactory = errorKind("BAD_PRECISION", "user");

/** Bits of a hash that select a register. */
export interface SketchPrecision {
  /** 4 to 24: 2^p registers of one byte each, and a relative error of about 1.04 / √(2^p). */
  readonly p: number;
  /**
   * 0, or `p` to 32: while there are few values they are distinguished by this many bits, so that small counts are
   * nearly exact.
   */
  readonly sp: number;
}

const P_MIN = 4;
const P_MAX = 24;
const SP_MAX = 32;

/** Up to this many registers are searched linearly; a byte array for all of them would be an off-heap object. */
const FEW_MAX = 32;
const RANK_BITS = 6;
const RANK_MASK = 2 ** RANK_BITS - 1;

/**
 * A sketch of many values that estimates how many are distinct. A record like any other: one of `few`, `sparse` and
 * `dense`.
 */
export interface DistinctSketch extends SketchPrecision {
  /** While few and `sp` is 0: the non-zero registers, each as its index followed by 6 bits of its rank. */
  readonly few: number[] | undefined;
  /** From the first `sp` bits of a hash to the rank of the rest. */
  readonly sparse: Map<number, number> | undefined;
  /** By the first `p` bits of a hash: the largest rank of the rest, 0 for none. */
  readonly dense: Uint8Array | undefined;
}

/**
 * The precision for a relative standard deviation.
 *
 * @throws BAD_PRECISION Not between 0.0003 and 0.27, or it needs too many registers.
 */
export function precisionFor(
  given: number | { readonly p: number; readonly sp?: number | undefined },
): SketchPrecision {
  if (typeof given === "number") {
    const p = Math.max(P_MIN, Math.ceil(2 * Math.log2(1.054 / given)));
    if (given > 0 && p <= P_MAX) return { p, sp: 0 };
    throw badPrecision(
      `a relative standard deviation of ${given} was requested. It must be at least 0.0003, which already takes 16 MB per partition. Nothing is run.`,
    );
  }
  const { p, sp = 0 } = given;
  const fits = Number.isInteger(p) && p >= P_MIN && p <= P_MAX;
  if (fits && Number.isInteger(sp) && (sp === 0 || (sp >= p && sp <= SP_MAX))) return { p, sp };
  throw badPrecision(
    `the precision { p: ${p}, sp: ${sp} } was requested. p must be a whole number from ${P_MIN} to ${P_MAX}, sp 0 or from p to ${SP_MAX}. Nothing is run.`,
  );
}

export function emptySketch({ p, sp }: SketchPrecision): DistinctSketch {
  return sp === 0
    ? { p, sp, few: [], sparse: undefined, dense: undefined }
    : { p, sp, few: undefined, sparse: new Map(), dense: undefined };
}

/**
 * HyperLogLog (Heule, Nunkesser, Hall: "HyperLogLog in Practice", 2013) over 64 bits of hash. Adds to `sketch` and
 * returns it, or its replacement.
 *
 * @throws KEY_NOT_COMPARABLE
 */
export function addToSketch(sketch: DistinctSketch, value: unknown): DistinctSketch {
  const hash = hashKey(value);
  const { p, sp, few, sparse, dense } = sketch;
  if (dense !== undefined) {
    raise(dense, hash >>> (32 - p), rankAfter(hash, p, value));
    return sketch;
  }
  if (few !== undefined) {
    raiseFew(few, hash >>> (32 - p), rankAfter(hash, p, value));
    return few.length > FEW_MAX ? densified(sketch) : sketch;
  }
  if (sparse === undefined) return sketch;
  const index = sp === 32 ? hash : hash >>> (32 - sp);
  raiseSparse(sparse, index, rankAfter(hash, sp, value));
  return shrunk(sketch);
}

/** Merges `b` into `a` and returns it, or its replacement. Both must have the same precision. */
export function mergeSketches(a: DistinctSketch, b: DistinctSketch): DistinctSketch {
  if (a.sparse !== undefined && b.sparse !== undefined) {
    for (const [index, rank] of b.sparse) raiseSparse(a.sparse, index, rank);
    return shrunk(a);
  }
  if (a.few !== undefined && b.few !== undefined) {
    for (const entry of b.few) raiseFew(a.few, entry >>> RANK_BITS, entry & RANK_MASK);
    return a.few.length > FEW_MAX ? densified(a) : a;
  }
  const into = densified(a);
  const from = densified(b).dense ?? [];
  if (into.dense !== undefined) for (let i = 0; i < from.length; i += 1) raise(into.dense, i, from[i] ?? 0);
  return into;
}

/** Estimated number of distinct values. */
export function estimateDistinct({ p, sp, few, sparse, dense }: DistinctSketch): number {
  const counts = new Array<number>(64 - p + 2).fill(0);
  if (dense !== undefined) {
    for (let i = 0; i < dense.length; i += 1) count(counts, dense[i] ?? 0);
    return Math.round(estimateRegisters(counts, p));
  }
  if (few !== undefined) {
    for (const entry of few) count(counts, entry & RANK_MASK);
    counts[0] = 2 ** p - few.length;
    return Math.round(estimateRegisters(counts, p));
  }
  const seen = sparse?.size ?? 0;
  const slots = 2 ** sp;
  return Math.round(slots * Math.log(slots / Math.max(1, slots - seen))); // linear counting
}

/** The position of the first set bit after the first `bits`, from 1: of a hash, or of a second one if that has none. */
function rankAfter(hash: number, bits: number, value: unknown): number {
  const rest = bits === 32 ? 0 : (hash << bits) >>> 0;
  if (rest !== 0) return Math.clz32(rest) + 1;
  return 32 - bits + Math.clz32(hashKeyAgain(value)) + 1;
}

function raise(registers: Uint8Array, index: number, rank: number): void {
  if (rank > (registers[index] ?? 0)) registers[index] = rank;
}

function raiseFew(few: number[], index: number, rank: number): void {
  for (let i = 0; i < few.length; i += 1) {
    const entry = few[i] ?? 0;
    if (entry >>> RANK_BITS !== index) continue;
    if (rank > (entry & RANK_MASK)) few[i] = (index << RANK_BITS) | rank;
    return;
  }
  few.push((index << RANK_BITS) | rank);
}

function count(counts: number[], rank: number): void {
  counts[rank] = (counts[rank] ?? 0) + 1;
}

function raiseSparse(sparse: Map<number, number>, index: number, rank: number): void {
  const known = sparse.get(index);
  if (known === undefined || known < rank) sparse.set(index, rank);
}

/** A sparse entry takes some 32 bytes, a register one. */
function shrunk(sketch: DistinctSketch): DistinctSketch {
  return sketch.sparse !== undefined && sketch.sparse.size * 32 > 2 ** sketch.p ? densified(sketch) : sketch;
}

function densified(sketch: DistinctSketch): DistinctSketch {
  const { p, sp, few, sparse } = sketch;
  if (few === undefined && sparse === undefined) return sketch;
  const dense = new Uint8Array(2 ** p);
  for (const entry of few ?? []) raise(dense, entry >>> RANK_BITS, entry & RANK_MASK);
  const between = sp - p;
  for (const [index, rank] of sparse ?? []) {
    const rest = index % 2 ** between;
    const inBetween = rest === 0 ? between + rank : Math.clz32(rest) - (32 - between) + 1;
    raise(dense, Math.floor(index / 2 ** between), inBetween);
  }
  return { p, sp, few: undefined, sparse: undefined, dense };
}

/**
 * The improved estimator of Otmar Ertl ("New cardinality estimation algorithms for HyperLogLog sketches", 2017):
 * unbiased at any size, where HyperLogLog++ needs tables of measured biases.
 *
 * @param counts Number of registers by rank.
 */
function estimateRegisters(counts: readonly number[], p: number): number {
  const m = 2 ** p;
  const ranks = 64 - p + 1;
  let z = m * tau(1 - (counts[ranks] ?? 0) / m);
  for (let k = ranks - 1; k >= 1; k -= 1) z = 0.5 * (z + (counts[k] ?? 0));
  z += m * sigma((counts[0] ?? 0) / m);
  return m ** 2 / (2 * Math.LN2 * z);
}

/** For registers that are still 0. */
function sigma(share: number): number {
  if (share === 1) return Number.POSITIVE_INFINITY;
  let x = share;
  let y = 1;
  let z = x;
  for (let before = Number.NaN; z !== before; ) {
    before = z;
    x *= x;
    z += x * y;
    y += y;
  }
  return z;
}

/** For registers that are saturated. */
function tau(share: number): number {
  if (share === 0 || share === 1) return 0;
  let x = share;
  let y = 1;
  let z = 1 - x;
  for (let before = Number.NaN; z !== before; ) {
    before = z;
    x = Math.sqrt(x);
    y *= 0.5;
    z -= (1 - x) ** 2 * y;
  }
  return z / 3;
}
