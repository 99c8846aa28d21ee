// Options of node's test runner for results that a CI system reads, beside those on the terminal.

/** As JUnit XML in the file that AETHER_TEST_RESULTS names, if it does. */
export function results() {
  const file = process.env.AETHER_TEST_RESULTS;
  if (!file) return [];
  return [
    ...['--test-reporter=tap', '--test-reporter-destination=stdout'],
    ...['--test-reporter=junit', `--test-reporter-destination=${file}`],
  ];
}
