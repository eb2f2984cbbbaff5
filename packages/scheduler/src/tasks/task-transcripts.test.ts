import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Script } from "./task-script.fixture.ts";

const FOLDER = new URL("../../testdata/tasks/", import.meta.url);

/** Commands (`> join e1 2`) and remarks as they stand; below each command what it causes, as it is now. */
function replay(transcript: string): string {
  const script = new Script();
  const lines: string[] = [];
  for (const line of transcript.split("\n")) {
    if (line.startsWith("> ")) lines.push(line, ...script.after(line.slice(2)).map((effect) => `  ${effect}`));
    else if (!line.startsWith("  ")) lines.push(line);
  }
  return lines.join("\n");
}

// UPDATE_TRANSCRIPTS=1 rewrites them, to be reviewed as a diff.
test.each(readdirSync(FOLDER).filter((name) => name.endsWith(".txt")))("transcript %s", (name) => {
  const file = new URL(name, FOLDER);
  const transcript = readFileSync(file, "utf8");
  const now = replay(transcript);
  if (process.env.UPDATE_TRANSCRIPTS === "1") writeFileSync(file, now);
  else expect(transcript).toBe(now);
});
