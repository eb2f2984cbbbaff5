import { expect, test } from "vitest";
import { KafkaError } from "./errors.ts";
import { GroupCommits } from "./group-commits.ts";

const at = (partition: number, next: number) => ({ topic: "t", id: "id", partition, next });

/** A group whose broker answers when a test says so. */
function lab() {
  const asked: string[] = [];
  const answers: { resolve(): void; reject(error: Error): void }[] = [];
  const warnings: string[] = [];
  const client = {
    cluster: "kafka",
    commit: (group: string, positions: readonly { partition: number; next: number }[]) => {
      asked.push(`${group} ${positions.map(({ partition, next }) => `${partition}:${next}`).join(" ")}`);
      return new Promise<void>((resolve, reject) => answers.push({ resolve, reject }));
    },
  };
  const host = { warn: (message: string) => void warnings.push(message), condition: () => {} };
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return { commits: new GroupCommits(client, "g", host), asked, answers, warnings, settled };
}

const refused = (): KafkaError => new KafkaError("KAFKA_NOT_PERMITTED", "not allowed.");

test("one commit is under way at a time, and the next one has the newest positions", async () => {
  const { commits, asked, answers, settled } = lab();
  commits.add([at(0, 1)]);
  commits.flush();
  commits.add([at(0, 2), at(1, 5)]);
  commits.flush();
  commits.add([at(0, 3)]);
  answers[0]?.resolve();
  await settled();
  commits.flush();
  expect(asked).toEqual(["g 0:1", "g 0:3 1:5"]);
});

test("what could not be committed goes with the next one, but for what is newer by then", async () => {
  const { commits, asked, answers, settled } = lab();
  commits.add([at(0, 1), at(1, 1)]);
  commits.flush();
  commits.add([at(0, 2)]);
  answers[0]?.reject(refused());
  await settled();
  commits.flush();
  expect(asked).toEqual(["g 0:1 1:1", "g 0:2 1:1"]);
});

test("the end waits for what is under way, and commits the rest", async () => {
  const { commits, asked, answers, warnings, settled } = lab();
  commits.add([at(0, 1)]);
  commits.flush();
  commits.add([at(0, 2)]);
  const ended = commits.end();
  answers[0]?.resolve();
  await settled();
  answers[1]?.resolve();
  await ended;
  expect([asked, warnings]).toEqual([["g 0:1", "g 0:2"], []]);
});

test("the end warns of what it cannot commit", async () => {
  const { commits, answers, warnings, settled } = lab();
  commits.add([at(0, 1)]);
  const ended = commits.end();
  await settled();
  answers[0]?.reject(refused());
  await ended;
  expect(warnings).toEqual([
    expect.stringMatching(/last offsets are not committed to the group g: \[KAFKA_NOT_PERMITTED\]/),
  ]);
});
