/** The users. */
export const USERS: readonly string[] = ["ada", "barbara", "edsger", "grace", "ken", "leslie", "margaret", "tony"];
const OPENINGS = ["hello", "well", "so", "honestly", "you know", "wait", "good morning", "by the way"];
const SUBJECTS = ["the stream", "my job", "this batch", "the new executor", "a window", "the driver", "our state"];
const VERBS = [
  "never stops",
  "is fast today",
  "counts the words",
  "was killed and came back",
  "shuffles again",
  "keeps up",
];
const CLOSINGS = ["", "", " I think", " for real", " again", " and nobody noticed", " at last"];

/**
 * Something that somebody might say in a chat room about stream processing: `user: text`.
 *
 * @param random As `Math.random`.
 */
export function nextMessage(random: () => number): string {
  const one = (of: readonly string[]): string => of[Math.floor(random() * of.length)] ?? "";
  return `${one(USERS)}: ${one(OPENINGS)} ${one(SUBJECTS)} ${one(VERBS)}${one(CLOSINGS)}`;
}
