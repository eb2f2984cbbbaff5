import { createInterface } from "node:readline";

/**
 * Asks questions of somebody at a terminal. The terminal is taken for each question alone, because a command that is run in
 * between needs it too; lines that came with an answer, as when several are pasted, answer the next questions.
 *
 * @returns A question's answer, or `undefined` when there will be none: Ctrl-C, or the end of the input.
 */
export function asking(
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
): (question: string) => Promise<string | undefined> {
  const ahead: string[] = [];
  return (question) => {
    const known = ahead.shift();
    if (known !== undefined) {
      output.write(`${question}${known}\n`);
      return Promise.resolve(known);
    }
    const reader = createInterface({ input, output });
    return new Promise((resolve) => {
      reader.on("line", (line) => ahead.push(line));
      let answer: string | undefined;
      reader.once("close", () => resolve(answer));
      reader.question(question, (line) => {
        answer = line;
        setImmediate(() => reader.close()); // when the lines that came with it have been read
      });
    });
  };
}
