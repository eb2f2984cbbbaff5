// Tests counted across suites, and the one line that ends every run of them.

/** @typedef {{ readonly passed: number, readonly failed: number }} Tally */

/**
 * @param {readonly Tally[]} tallies
 * @returns {Tally}
 */
export function sum(tallies) {
  return tallies.reduce((all, one) => ({ passed: all.passed + one.passed, failed: all.failed + one.failed }), {
    passed: 0,
    failed: 0,
  });
}

/** @param {Tally} tally */
export function line(tally) {
  return `${tally.passed} passed, ${tally.failed} failed`;
}

/**
 * Ends a run: prints the line and sets the exit code. A run without a single test has failed.
 *
 * @param {Tally} tally
 */
export function finish(tally) {
  if (tally.passed + tally.failed === 0) process.stderr.write("no test ran: that is a failure\n");
  console.log(line(tally));
  process.exitCode = tally.failed > 0 || tally.passed === 0 ? 1 : 0;
}

/**
 * What vitest's JSON report says. A file that does not load has no tests to count: it counts as one that failed.
 *
 * @param {unknown} report
 * @returns {Tally}
 */
export function fromVitest(report) {
  const { numPassedTests, numFailedTests, testResults } = /** @type {VitestReport} */ (report); // the shape of its `json` reporter
  const unloadable = testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  );
  return { passed: numPassedTests, failed: numFailedTests + unloadable.length };
}

/**
 * @typedef {object} VitestReport
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {readonly { readonly status: string, readonly assertionResults: readonly { readonly status: string }[] }[]} testResults
 */
