import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ListMultipartUploadsCommand, S3Client } from "@aws-sdk/client-s3";
import { type FileSystem, type Location, locations } from "millrace";
import type { S3Options } from "./options.ts";
import { s3Files } from "./s3-files.ts";

const script = fileURLToPath(new URL("../../../../scripts/servers/s3.sh", import.meta.url));
const run = promisify(execFile);

/** Would be in an error if anything of the credentials were. */
export const CANARY = "canary-4711-secret";

/** A real store of a test, with one bucket, and what somebody else does there. */
export class TestStore {
  readonly directory: string;
  readonly endpoint: string;
  /** Of the credentials, with the profiles `good`, `wrong-key` and `wrong-secret`. */
  readonly credentials: string;

  static start(): TestStore {
    return new TestStore(mkdtempSync(join(tmpdir(), "millrace-s3-")));
  }

  private constructor(directory: string) {
    this.directory = directory;
    const told = execFileSync(script, ["start", directory], { encoding: "utf8" });
    this.endpoint = /^S3_ENDPOINT=(.+)$/m.exec(told)?.[1] ?? "";
    mkdirSync(join(directory, "data", "bucket"));
    this.credentials = join(directory, "credentials");
    const profile = (name: string, key: string, secret: string): string =>
      `[${name}]\naws_access_key_id=${key}\naws_secret_access_key=${secret}\n`;
    const profiles = [
      profile("good", "test-access", "test-secret"),
      profile("wrong-key", "nobody", CANARY),
      profile("wrong-secret", "test-access", CANARY),
    ];
    writeFileSync(this.credentials, profiles.join(""));
    process.env.AWS_SHARED_CREDENTIALS_FILE = this.credentials;
  }

  files(options: S3Options = {}): FileSystem {
    return s3Files({ endpoint: this.endpoint, profile: "good", ...options });
  }

  /** A place that no other test has. */
  place(): Location {
    return locations.of(`s3://bucket/place-${places++}`);
  }

  /** What a job's processes need. */
  get env(): Readonly<Record<string, string>> {
    return {
      AWS_ENDPOINT_URL_S3: this.endpoint,
      AWS_PROFILE: "good",
      AWS_SHARED_CREDENTIALS_FILE: this.credentials,
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    };
  }

  /** The content of an object, read by another client. */
  async curl(path: Location): Promise<string> {
    const url = `${this.endpoint}/${path.slice("s3://".length)}`;
    const auth = ["--aws-sigv4", "aws:amz:us-east-1:s3", "--user", "test-access:test-secret"];
    auth.push("-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD");
    return (await run("curl", ["-sSf", ...auth, url], { maxBuffer: 64 << 20 })).stdout;
  }

  /** Keys of uploads that are not completed. */
  async uploads(): Promise<readonly string[]> {
    const credentials = { accessKeyId: "test-access", secretAccessKey: "test-secret" };
    const client = new S3Client({ endpoint: this.endpoint, region: "us-east-1", forcePathStyle: true, credentials });
    try {
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: "bucket" }));
      return Uploads.map(({ Key = "" }) => Key);
    } finally {
      client.destroy();
    }
  }

  /** Ends it as a crash would. */
  kill(): void {
    execFileSync(script, ["kill", this.directory]);
  }

  /** Starts it again, with what it had, at the same address. */
  async restart(): Promise<void> {
    await run(script, ["start", this.directory]);
  }

  remove(): void {
    execFileSync(script, ["stop", this.directory]);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

let places = 0;
