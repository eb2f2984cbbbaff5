import { randomBytes } from "node:crypto";
import { type FileSystem, type Location, locations } from "millrace";
import { fileSystemContract } from "millrace/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestCluster } from "./cluster.fixture.ts";
import { hdfsFiles } from "./hdfs-files.ts";

const { within } = locations;
const MIB = 1 << 20;

let cluster: TestCluster;
beforeAll(() => {
  cluster = TestCluster.start();
});
afterAll(() => cluster.remove());

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (content: Uint8Array): string => Buffer.from(content).toString();

async function namesIn(files: FileSystem, directory: Location): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const page of files.list(directory)) names.push(...page.map(({ name }) => name));
  return names.sort();
}

describe("the contract of file systems", () => {
  const cases = fileSystemContract(async () => ({ files: cluster.files(), directory: await cluster.place() }));
  for (const { title, run } of cases) test(title, run);
});

describe("files", () => {
  test("are what Hadoop's own client reads, and the other way round", async () => {
    const files = cluster.files();
    const place = await cluster.place();
    const content = randomBytes(9 * MIB).toString("hex");
    const writer = await files.create(within(place, "file"));
    for (let at = 0; at < content.length; at += MIB) await writer.write(bytes(content.slice(at, at + MIB)));
    const { token } = await writer.close();
    expect((await files.stat(within(place, "file")))?.version).toBe(token);
    expect((await cluster.dfs("-cat", within(place, "file"))) === content).toBe(true);
    await cluster.dfs("-cp", within(place, "file"), within(place, "copy"));
    const range = { start: 8 * MIB - 3, end: 8 * MIB + 3 };
    expect(text(await files.read(within(place, "copy"), range))).toBe(content.slice(range.start, range.end));
    expect(text(await files.read(within(place, "copy"))) === content).toBe(true);
  });

  test("that are being copied in are not listed", async () => {
    const files = cluster.files();
    const place = await cluster.place();
    for (const name of ["a", "b._COPYING_"]) await files.write(within(place, name), [bytes(name)]);
    expect(await namesIn(files, place)).toEqual(["a"]);
  });

  test("keep their version when they are published", async () => {
    const files = cluster.files();
    const place = await cluster.place();
    await files.write(within(place, ".staged", "part-0"), [bytes("1")]);
    const before = await files.stat(within(place, ".staged", "part-0"));
    await files.publish(within(place, ".staged"), within(place, "out"));
    expect(await files.stat(within(place, "out", "part-0"))).toEqual(before);
  });

  test("are found at the HTTP address of a name node, too", async () => {
    const place = await cluster.place();
    await cluster.files().write(within(place, "a"), [bytes("1")]);
    const at = locations.of(`webhdfs${cluster.http.slice("http".length)}/${locations.nameIn(place)}/a`);
    expect(text(await hdfsFiles({}, "webhdfs").read(at))).toBe("1");
  });
});

describe("what is wrong", () => {
  test("is told by a code: a host that does not answer, or does not exist", async () => {
    const nobody = { nameNodes: { nobody: ["http://127.0.0.1:1"], none: ["http://none.invalid:9870"] }, patienceMs: 0 };
    for (const host of ["nobody", "none"]) {
      const call = hdfsFiles(nobody).stat(locations.of(`hdfs://${host}/a`));
      await expect(call).rejects.toMatchObject({ code: "FILE_SERVER_UNREACHABLE" });
    }
  });

  test("is told by a code: no permission", async () => {
    const place = await cluster.place();
    await cluster.files().write(within(place, "file"), [bytes("1")]);
    const alice = cluster.files({ user: "alice" });
    const denied = { code: "FILE_FORBIDDEN" };
    await expect(alice.write(within(place, "other"), [])).rejects.toMatchObject(denied);
    await expect(alice.remove(within(place, "file"))).rejects.toMatchObject(denied);
    await expect(alice.writeNew?.(within(place, "new"), [])).rejects.toMatchObject(denied);
    expect(text(await alice.read(within(place, "file")))).toBe("1");
  });

  test("is told by one attempt to connect: a wrong host, a directory that is missing, and no permission", async () => {
    const place = await cluster.place();
    await cluster.dfs("-chmod", "700", place);
    const nobody = hdfsFiles({ nameNodes: { nobody: ["http://127.0.0.1:1"] } }); // with the patience of a job
    const alice = cluster.files({ user: "alice" });
    for (const access of ["read", "write"] as const) {
      const unreachable = { code: "FILE_SERVER_UNREACHABLE" };
      await expect(nobody.probe?.(locations.of("hdfs://nobody/a"), access)).rejects.toMatchObject(unreachable);
      await expect(alice.probe?.(place, access)).rejects.toMatchObject({ code: "FILE_FORBIDDEN" });
    }
    const missing = cluster.files().probe?.(within(place, "none"), "read");
    await expect(missing).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  });

  test("is told by a code: a standby, and another name node is asked", async () => {
    const place = await cluster.place();
    const nameNodes = { [cluster.authority]: ["http://127.0.0.1:1", cluster.http] };
    expect((await cluster.files({ nameNodes, patienceMs: 0 }).stat(place))?.kind).toBe("directory");
  });
});

test("nodes that are killed and started again are waited for, and nothing is lost", async () => {
  const files = cluster.files();
  const place = await cluster.place();
  await files.write(within(place, "before"), [bytes("1")]);
  const staged = within(place, ".staged");
  await files.write(within(staged, "part-0"), [bytes("2")]);
  cluster.kill();
  const meanwhile = Promise.all([
    files.write(within(place, "after"), [bytes("3")]),
    files.publish(staged, within(place, "out")),
    files.writeNew?.(within(place, "new"), [bytes("4")]),
    files.read(within(place, "before")),
  ]);
  await cluster.restart();
  const [, , won, read] = await meanwhile;
  expect([won, text(read)]).toEqual([true, "1"]);
  expect(await namesIn(files, place)).toEqual(["after", "before", "new", "out"]);
  expect(await cluster.dfs("-cat", within(place, "out", "part-0"), within(place, "new"))).toBe("24");
});
