import { USERS } from "./chat-script.ts";

/** One batch of the chat room, from its log. */
export interface ChatBatch {
  /** From its banner. */
  readonly time: string;
  /** The output of `print()`: the first ten words. */
  readonly counts: ReadonlyMap<string, number>;
  /** The expected counts: every word of every message shown up to this batch. */
  readonly expected: ReadonlyMap<string, number>;
}

const PAIR = /^\[ '(.*)', (\d+) \]$/;
const TIME = /^Time: (.+)$/;
/** If standard error is merged in, there are also lines such as `millrace: …`. */
const MESSAGE = new RegExp(`^(${USERS.join("|")}): `);

/**
 * Parses the output of the chat room.
 *
 * @param log From its beginning; a batch at its end that is not complete yet is left out.
 */
export function readChatLog(log: string): readonly ChatBatch[] {
  const words = new Map<string, number>();
  const batches: ChatBatch[] = [];
  let open: { readonly time: string; readonly counts: Map<string, number> } | undefined;
  for (const line of log.split(/\r?\n/)) {
    const time = TIME.exec(line)?.[1];
    const pair = PAIR.exec(line);
    if (time !== undefined) open = { time, counts: new Map() };
    else if (pair && open) open.counts.set(pair[1] ?? "", Number(pair[2]));
    else if (line === "" && open) {
      batches.push({ ...open, expected: new Map(words) });
      open = undefined;
    } else if (MESSAGE.test(line)) {
      for (const word of line.split(" ")) words.set(word, (words.get(word) ?? 0) + 1);
    }
  }
  return batches;
}

/** One line for each count that differs from the messages. */
export function wrongCounts(batches: readonly ChatBatch[]): readonly string[] {
  return batches.flatMap((batch) =>
    [...batch.counts].flatMap(([word, count]) => {
      const right = batch.expected.get(word) ?? 0;
      return count === right ? [] : [`${batch.time}: "${word}" is counted ${count} times and was said ${right} times`];
    }),
  );
}
