import type { Console } from "./console.ts";

/**
 * Writes a job's log to standard output, no faster than it is read there.
 *
 * @param json A line of JSON, `{"text": …}`, for each line of the log.
 */
export async function copyLog(console: Console, log: AsyncIterable<Uint8Array>, json: boolean): Promise<void> {
  if (!json) {
    for await (const chunk of log) await console.out(chunk);
    return;
  }
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of log) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const text of lines) await console.out(`${JSON.stringify({ text })}\n`);
  }
  rest += decoder.decode();
  if (rest !== "") await console.out(`${JSON.stringify({ text: rest })}\n`);
}
