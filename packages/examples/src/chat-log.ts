import { USERS } from "./chat-script.ts";

/** One batch of the chat room, as its log shows it. */
export interface ChatBatch {
  /** As its banner says. */
  readonly time: string;
  /** What `print()` showed: the first ten words. */
  readonly counts: ReadonlyMap<string, number>;
  /** Every word of every message shown up to this batch: what the counts should be. */
  readonly expected: ReadonlyMap<string, number>;
}

const PAIR = /^\[ '(.*)', (\d+) \]$/;
const TIME = /^Time: (.+)$/;
/** Where standard error is merged in, there are lines such as `millrace: …` too. */
const MESSAGE = new RegExp(`^(${USERS.join("|")}): `);

/**
 * Reads what the chat room prints.
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

/** A line for each count that the messages do not bear out. */
export function wrongCounts(batches: readonly ChatBatch[]): readonly string[] {
  return batches.flatMap((batch) =>
    [...batch.counts].flatMap(([word, count]) => {
      const right = batch.expected.get(word) ?? 0;
      return count === right ? [] : [`${batch.time}: "${word}" is counted ${count} times and was said ${right} times`];
    }),
  );
}
