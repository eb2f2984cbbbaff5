const RULE = "-".repeat(43);

/** The output of the job `printing` in its three batches, at these times. */
export function printed(times: readonly [string, string, string]): string {
  const [first, second, third] = times.map((time) => `${RULE}\nTime: ${time}\n${RULE}\n`);
  const ten = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n";
  const kinds = "[ 'hello', 45 ]\nas it is\n\n{ a: [ 1n, undefined ], b: Map(1) { 1 => 'x' } }\n-0\nnull\nundefined\n";
  return [
    `${first}${ten}\n`,
    `${first}${kinds}\n`,
    `${second}${ten}...\n\n`,
    `${second}a\nb\nc\n\n`,
    `${second}a\n...\n\n`,
    `${third}\n`,
    `${third}a\nb\n\n`,
  ].join("");
}
