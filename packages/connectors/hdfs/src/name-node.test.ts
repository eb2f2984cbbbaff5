import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FileSystem, locations } from "millrace";
import { afterEach, describe, expect, test } from "vitest";
import { hdfsFiles } from "./hdfs-files.ts";
import { type HdfsOptions, settingsOf } from "./options.ts";

const CANARY = "canary-4711-token";
const AT = locations.of("hdfs://cluster/a");
const STATUS = {
  FileStatus: { type: "DIRECTORY", length: 0, modificationTime: 1, fileId: 2, pathSuffix: "" },
};

const after: (() => void)[] = [];
afterEach(() => {
  for (const close of after.splice(0)) close();
});

/** A name node that answers as told, and nothing else. */
async function nameNode(
  answer: (query: URLSearchParams, request: IncomingMessage) => { status: number; body: unknown },
) {
  const listener: RequestListener = (request, response) => {
    const { searchParams } = new URL(request.url ?? "", "http://any");
    const { status, body } = answer(searchParams, request);
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  after.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // of TCP
}

const refusal = (exception: string, message = "no") => ({
  RemoteException: { exception, message, javaClassName: "x" },
});

async function filesAt(addresses: readonly string[], options: HdfsOptions = {}): Promise<FileSystem> {
  return hdfsFiles({ nameNodes: { cluster: addresses }, patienceMs: 0, ...options });
}

function tokenFile(content: string): string {
  const directory = mkdtempSync(join(tmpdir(), "millrace-token-"));
  after.push(() => rmSync(directory, { recursive: true }));
  const path = join(directory, "token");
  writeFileSync(path, content);
  return path;
}

describe("a delegation token", () => {
  test("is sent in place of a user, and read again when it is refused", async () => {
    const path = tokenFile("first\n");
    const asked: string[] = [];
    const address = await nameNode((query) => {
      asked.push(`${query.get("delegation")} ${query.get("user.name")}`);
      const valid = query.get("delegation") === "second";
      return valid ? { status: 200, body: STATUS } : { status: 403, body: refusal("InvalidToken") };
    });
    const files = await filesAt([address], { tokenFile: path });
    await expect(files.stat(AT)).rejects.toMatchObject({ code: "FILE_CREDENTIALS_REFUSED" });
    writeFileSync(path, "second");
    expect((await files.stat(AT))?.kind).toBe("directory");
    expect(asked).toEqual(["first null", "second null"]);
  });

  test("is not in any error", async () => {
    const answers = [refusal("InvalidToken", "token can't be found"), refusal("IOException"), "nonsense"];
    for (const body of answers) {
      const files = await filesAt([await nameNode(() => ({ status: 403, body }))], { tokenFile: tokenFile(CANARY) });
      expect(await shownOf(files.stat(AT))).not.toContain(CANARY);
    }
    const nobody = await filesAt(["http://127.0.0.1:1"], { tokenFile: tokenFile(CANARY) });
    expect(await shownOf(nobody.stat(AT))).toMatch(/FILE_SERVER_UNREACHABLE/);
    expect(await shownOf(nobody.stat(AT))).not.toContain(CANARY);
  });

  test("whose file is missing is told by a code", async () => {
    const files = await filesAt(["http://127.0.0.1:1"], { tokenFile: "/none" });
    await expect(files.stat(AT)).rejects.toMatchObject({ code: "FILE_CREDENTIALS_REFUSED" });
  });
});

/** All that a log or a report could show of an error. */
async function shownOf(call: Promise<unknown>): Promise<string> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const parts: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) parts.push(at.message, at.stack ?? "", JSON.stringify(at));
  return parts.join("\n");
}

describe("of two name nodes", () => {
  test("the active one is asked, and is found again after it has changed", async () => {
    let active = 1;
    const asked: number[] = [];
    const node = (number: number) =>
      nameNode(() => {
        asked.push(number);
        return number === active ? { status: 200, body: STATUS } : { status: 403, body: refusal("StandbyException") };
      });
    const files = await filesAt([await node(0), await node(1)]);
    await files.stat(AT);
    await files.stat(AT);
    active = 0;
    await files.stat(AT);
    expect(asked).toEqual([0, 1, 1, 1, 0]);
  });
});

test("a file is written whole under a name that the engine knows as temporary, and renamed", async () => {
  const asked: string[] = [];
  const address: string = await nameNode((query, request) => {
    const { pathname } = new URL(request.url ?? "", "http://any");
    const op = query.get("op") ?? "upload";
    asked.push(`${op} ${pathname.replace("/webhdfs/v1", "")} ${query.get("destination") ?? ""}`.trim());
    request.resume();
    if (op === "CREATE") return { status: 200, body: { Location: `${address}/data` } };
    return { status: op === "upload" ? 201 : 200, body: STATUS };
  });
  await (await filesAt([address])).write(AT, [new Uint8Array(3)]);
  const [, , , rename = ""] = asked;
  const temporary = /^RENAME (\/\.a\.\d+-\d+-\d+\.tmp) \/a$/.exec(rename)?.[1];
  expect(asked).toEqual([`CREATE ${temporary}`, "upload /data", `GETFILESTATUS ${temporary}`, rename]);
});

describe("a rename", () => {
  test("that is refused with an answer like any other has failed", async () => {
    const address = await nameNode((query) =>
      query.get("op") === "RENAME" ? { status: 200, body: { boolean: false } } : { status: 200, body: STATUS },
    );
    const files = await filesAt([address]);
    await expect(files.publish(AT, locations.of("hdfs://cluster/b"))).rejects.toMatchObject({ code: "FILE_IO" });
  });

  test("whose answer was lost has been done, if what was renamed is there", async () => {
    let renames = 0;
    const address = await nameNode((query) => {
      if (query.get("op") !== "RENAME") return { status: 200, body: STATUS };
      renames += 1;
      return { status: 404, body: refusal("FileNotFoundException") };
    });
    await (await filesAt([address])).publish(AT, locations.of("hdfs://cluster/b"));
    expect(renames).toBe(1);
  });
});

describe("options", () => {
  test("come from the environment, and those of the code before", () => {
    const env = {
      MILLRACE_HDFS_NAMENODES: "a=http://one:1,http://two:2; b:8020=https://three:3",
      HADOOP_USER_NAME: "ada",
    };
    const settings = settingsOf({ nameNodes: { a: ["http://four:4"] } }, env, "me");
    expect([...settings.nameNodes]).toEqual([
      ["a", ["http://four:4"]],
      ["b:8020", ["https://three:3"]],
    ]);
    expect([settings.user, settingsOf({}, {}, "me").user]).toEqual(["ada", "me"]);
  });

  test("that are wrong are all named, and their values are not", () => {
    const wrong = { user: "", patienceMs: -1, tokens: CANARY } as object;
    const call = () => settingsOf(wrong, { MILLRACE_HDFS_NAMENODES: `a=http://user:${CANARY}@host` }, "me");
    expect(call).toThrow(/\[FILE_SYSTEM_REFUSED\].*user.*patienceMs.*tokens.*MILLRACE_HDFS_NAMENODES/);
    expect(call).not.toThrow(CANARY);
  });
});

test("one attempt to connect tells of a token that is refused, and of a missing one, and of neither what it is", async () => {
  const address = await nameNode(() => ({ status: 401, body: refusal("InvalidToken", `token ${CANARY} is expired`) }));
  for (const file of [tokenFile(CANARY), "/none/token"]) {
    const files = await filesAt([address], { tokenFile: file, patienceMs: 60_000 });
    const error: unknown = await files.probe?.(AT, "read").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "FILE_CREDENTIALS_REFUSED" });
    expect(String(error)).not.toContain(CANARY);
  }
});
