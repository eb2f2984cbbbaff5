// The functions used here: the package has declarations of its own, but its `exports` do not expose them.
declare module "cephes" {
  /** Resolves when the functions may be called. */
  export const compiled: Promise<void>;
  /** The value below which a standard normal variable lies with probability `p`. */
  export function ndtri(p: number): number;
  /** The same for Student's t with `freedom` degrees of freedom. */
  export function stdtri(freedom: number, p: number): number;
  /** The probability of at most `k` events, where `mean` are expected. */
  export function pdtr(k: number, mean: number): number;
  /** The probability of at most `k` failures before as many successes, each of probability `p`. */
  export function nbdtr(k: number, successes: number, p: number): number;
}
