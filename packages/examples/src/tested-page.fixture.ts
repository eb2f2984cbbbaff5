import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** A page whose examples are modules and their tests, as files of a project of its own. */
export class TestedPage {
  readonly folder: string;
  readonly #text: string;
  readonly #page: string;

  /** @param page As in `docs/testing.md`. */
  constructor(page: string) {
    this.#page = page;
    this.#text = readFileSync(join(root, page), "utf8");
    // The real path, because the runners report that.
    this.folder = realpathSync(mkdtempSync(join(tmpdir(), "millrace-tested-page-")));
    for (const [name, text] of this.examples()) writeFileSync(join(this.folder, name), text);
    writeFileSync(join(this.folder, "package.json"), JSON.stringify({ type: "module" }));
    const compilerOptions = {
      strict: true,
      module: "nodenext",
      target: "es2023",
      types: ["node"],
      skipLibCheck: true,
      rewriteRelativeImportExtensions: true,
      outDir: join(this.folder, "built"),
    };
    writeFileSync(join(this.folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
    const packages = {
      millrace: "packages/millrace",
      vitest: "node_modules/vitest",
      "@types/node": "node_modules/@types/node",
    };
    for (const [name, path] of Object.entries(packages)) {
      mkdirSync(dirname(join(this.folder, "node_modules", name)), { recursive: true });
      symlinkSync(realpathSync(join(root, path)), join(this.folder, "node_modules", name));
    }
  }

  /** The page's examples, by the file name in their first line. */
  examples(): ReadonlyMap<string, string> {
    const found = new Map<string, string>();
    for (const [, text = ""] of this.#text.matchAll(/^```ts\n(.*?)^```$/gms)) {
      const name = /^\/\/ (\S+\.ts)\n/.exec(text)?.[1];
      if (name === undefined) throw new Error(`an example of ${this.#page} does not begin with // NAME.ts:\n${text}`);
      found.set(name, text);
    }
    return found;
  }

  /** The matching commands of the page's shell blocks, split into words. */
  commands(which: RegExp): string[][] {
    const blocks = [...this.#text.matchAll(/^```sh\n(.*?)^```$/gms)];
    return blocks
      .flatMap(([, text = ""]) => text.split("\n"))
      .filter((line) => which.test(line))
      .map((line) => line.split(" "));
  }

  /** Compiles the examples. @throws They do not compile. */
  async compile(...args: readonly string[]): Promise<void> {
    await this.run(join(root, "node_modules/typescript/bin/tsc"), ...args);
  }

  /** Runs the tests among the examples, but for those of `node:test`. @returns What vitest printed. @throws One fails. */
  async test(): Promise<string> {
    const vitest = join(root, "node_modules/vitest/vitest.mjs");
    return this.run(vitest, "run", "--root", this.folder, "--exclude", "**/*.node.test.*", "--exclude", "built");
  }

  async run(...args: readonly string[]): Promise<string> {
    const { NODE_OPTIONS: _, VITEST: __, NODE_TEST_CONTEXT: ___, ...env } = process.env;
    const cache = join(this.folder, "cache");
    const child = spawn(process.execPath, args, { cwd: this.folder, env: { ...env, XDG_CACHE_HOME: cache } });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    const [code] = await once(child, "close");
    if (code !== 0) throw new Error(`node ${args.join(" ")} exited with ${code}:\n${output}`);
    return output;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
