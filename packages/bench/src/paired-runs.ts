import type { Sample, Subject, SubjectResult } from "./bench.ts";
import { type Spread, spread } from "./statistics.ts";

/**
 * Runs the subjects in turn, A B A B …, one at a time. One that fails is skipped from then on; the others go on.
 *
 * @param subjects The first is the reference.
 * @returns In the order of the subjects.
 */
export async function pairedRuns(
  subjects: readonly Subject[],
  rounds: number,
  progress: (text: string) => void,
): Promise<readonly SubjectResult[]> {
  const samples = new Map<Subject, Sample[]>(subjects.map((subject) => [subject, []]));
  const errors = new Map<Subject, Error>();
  for (let round = 1; round <= rounds; round++) {
    for (const subject of subjects) {
      if (errors.has(subject)) continue;
      progress(`${subject.name}, ${round} of ${rounds}`);
      try {
        samples.get(subject)?.push(await subject.run());
      } catch (error) {
        errors.set(subject, error instanceof Error ? error : new Error(String(error)));
      }
    }
  }
  const [reference] = subjects;
  const referenceSamples = (reference && samples.get(reference)) ?? [];
  return subjects.map((subject) => {
    const error = errors.get(subject);
    const own = error === undefined ? (samples.get(subject) ?? []) : [];
    return {
      name: subject.name,
      metrics: spreads(own),
      ratios: subject === reference ? {} : spreads(ratiosOf(own, referenceSamples)),
      error,
    };
  });
}

/** Round by round; metrics that the reference does not have, or has as 0, are left out. */
function ratiosOf(samples: readonly Sample[], references: readonly Sample[]): Sample[] {
  return samples.flatMap((sample, round) => {
    const reference = references[round];
    if (reference === undefined) return [];
    const ratios = Object.entries(sample).flatMap(([metric, value]) => {
      const base = reference[metric];
      return base === undefined || base === 0 ? [] : [[metric, value / base] as const];
    });
    return [Object.fromEntries(ratios)];
  });
}

function spreads(samples: readonly Sample[]): Record<string, Spread> {
  const values = new Map<string, number[]>();
  for (const sample of samples) {
    for (const [metric, value] of Object.entries(sample)) {
      const known = values.get(metric);
      if (known === undefined) values.set(metric, [value]);
      else known.push(value);
    }
  }
  return Object.fromEntries([...values].map(([metric, all]) => [metric, spread(all)]));
}
