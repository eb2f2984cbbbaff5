import type { Goal, SubjectResult } from "./bench.ts";

/**
 * Goals of a throughput beside that of the bare client, which is the reference.
 *
 * @param share Of the client's throughput, 0 to 1.
 */
export function shareOfClient(results: readonly SubjectResult[], metric: string, share: number): readonly Goal[] {
  return results.slice(1).map(({ name, ratios }) => {
    const ratio = ratios[metric]?.median;
    return {
      what: `${name}: at least ${share * 100} % of the bare client's throughput, that is, at most ${(1 / share).toFixed(2)} times its time`,
      value: ratio === undefined ? undefined : 1 / ratio,
      unit: "×",
      max: 1 / share,
    };
  });
}
