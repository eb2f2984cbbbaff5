// Steps of the third ring, counted as they are done.

/**
 * @param {{ readonly dependent: boolean }} options Of `dependent` steps, those after one that failed fail without being tried.
 */
export function countedSteps({ dependent }) {
  const tally = { passed: 0, failed: 0 };
  /**
   * Runs one check.
   *
   * @param {string} title
   * @param {() => unknown} work
   */
  async function step(title, work) {
    const started = performance.now();
    try {
      if (dependent && tally.failed > 0) throw new Error("not tried: an earlier one failed");
      await work();
      tally.passed += 1;
      console.log(`ok      ${title} (${Math.round((performance.now() - started) / 100) / 10} s)`);
    } catch (error) {
      tally.failed += 1;
      console.log(`FAILED  ${title}: ${error instanceof Error ? error.message : error}`);
    }
  }
  return { tally, step };
}
