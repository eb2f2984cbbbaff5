import type { AnyFunction } from "./function-ref.ts";

/** Code that a generated loop contains in place of a call of an operator's function, to the same effect. */
export type Inline = InlineSum | InlinePair<PairPart, PairPart>;

/** The sum of both arguments: written out, the types of its operands are those of this loop alone. */
interface InlineSum {
  readonly kind: "sum";
}

/** A pair of two parts, for which a loop needs no tuple. */
interface InlinePair<Key extends PairPart, Value extends PairPart> {
  readonly kind: "pair";
  readonly key: Key;
  readonly value: Value;
}

/** The record; the result of property `key` of the operator's function for it; or a constant. */
export type PairPart = "record" | "key" | Constant;
type Constant = 1 | null;

interface Keyed {
  readonly key: (record: unknown) => unknown;
}

/** The inlines that a function of this type can have. */
export type InlineOf<Fn extends AnyFunction> =
  | (Fn extends (a: number, b: number) => number ? InlineSum : never)
  | (Fn extends (record: unknown) => readonly [infer Key, infer Value]
      ? InlinePair<PartOf<Fn, Key>, PartOf<Fn, Value>>
      : never);

type PartOf<Fn, Part> = unknown extends Part
  ? "record" | (Fn extends Keyed ? "key" : never)
  : Part extends Constant
    ? Part
    : never;
