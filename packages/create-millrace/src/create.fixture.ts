import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CreateTerminal, create } from "./create.ts";

export interface CreateSession {
  readonly folder: string;
  /** What was run in which folder. */
  readonly ran: readonly string[];
  run(...args: string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }>;
  close(): void;
}

/** Makes projects in a folder of its own. @param answers What is answered, question by question; then the input ends. */
export function session(
  parts: { readonly answers?: readonly string[]; readonly installs?: boolean; readonly gone?: true } = {},
): CreateSession {
  const folder = mkdtempSync(join(tmpdir(), "create-millrace-"));
  const answers = [...(parts.answers ?? [])];
  const ran: string[] = [];
  let out = "";
  let err = "";
  const terminal: CreateTerminal = {
    version: "1.2.3",
    cwd: parts.gone ? undefined : folder,
    env: {},
    interactive: parts.answers !== undefined,
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    ask: async (question) => {
      out += question;
      return answers.shift();
    },
    run: async (command, args, at) => {
      ran.push(`${command} ${args.join(" ")} in ${at.slice(folder.length + 1)}`);
      return parts.installs !== false;
    },
  };
  return {
    folder,
    ran,
    run: async (...args) => ({ code: await create(args, terminal), out, err }),
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
