/** Jobs that compare what operations give with what they should, and how many comparisons each makes. */
export const CHECKED_JOBS = [
  ["rdd-sets", 63],
  ["rdd-pairs", 22],
  ["rdd-order", 32],
  ["rdd-tasks", 11],
  ["rdd-files", 35],
  ["stream-operations", 40],
] as const;
