import type { ParseResult } from "@babel/parser";
import type { NodePath, Scope } from "@babel/traverse";
import type * as t from "@babel/types";
import { jobSyntax } from "../errors.ts";
import { type StrippedSource, siteOf } from "../stripped-source.ts";
import { noteCaptures } from "./captures.ts";
import { registerClasses } from "./classes.ts";
import { liftedOf } from "./collect.ts";
import { isLexical, noteLexical } from "./lexical.ts";
import type { Lifted } from "./lifted.ts";
import { type ModuleFacts, ModuleFactsCollector } from "./module-facts.ts";

/** The analysis from which both builds of a file are made. */
export interface Analysis {
  readonly source: StrippedSource;
  /** A prefix that no name of the file begins with. */
  readonly prefix: string;
  /** In source order. */
  readonly lifted: readonly Lifted[];
  readonly hoistedGroups: readonly (readonly Lifted[])[];
  readonly facts: ModuleFacts;
  /** The offset for statements that must run before the author's first one: after directives. */
  readonly bodyStart: number;
}

/** Finds the functions and classes of a file and what each needs from its surroundings. */
export async function analyse(source: StrippedSource): Promise<Analysis> {
  const [{ parse }, traverse] = await Promise.all([import("@babel/parser"), loadTraverse()]);
  const program = parseAny(parse, source);
  const prefix = freshPrefix(source.code);
  const lifted = new Map<t.Node, Lifted>();
  const facts = new ModuleFactsCollector();
  const scopes: Scope[] = [];
  const lexical: NodePath[] = [];
  let depth = 0;
  traverse(program, {
    enter(path: NodePath) {
      if (path.isScope() && path.scope.path === path) scopes.push(path.scope);
      if (isLexical(path.node)) lexical.push(path);
      facts.visit(path);
      if (!isFunctionOrClass(path)) return;
      const one = liftedOf(path, {
        fileName: source.name,
        code: source.code,
        prefix,
        index: lifted.size,
        depth: depth++,
      });
      if (one) lifted.set(path.node, one);
    },
    exit(path: NodePath) {
      if (isFunctionOrClass(path)) depth--;
    },
  });
  // Indirect captures are known only after all functions are.
  for (const scope of scopes) noteCaptures(scope, lifted);
  for (const path of lexical) noteLexical(path, lifted);
  const all = [...lifted.values()];
  for (const one of all) one.refusals.sort((a, b) => a.at - b.at);
  return {
    source,
    prefix,
    lifted: all,
    hoistedGroups: registerClasses(all),
    facts: facts.facts(),
    bodyStart: bodyStartOf(program),
  };
}

function isFunctionOrClass(path: NodePath): boolean {
  return path.isFunction() || path.isClass();
}

type Traverse = typeof import("@babel/traverse").default;

async function loadTraverse(): Promise<Traverse> {
  const loaded: unknown = await import("@babel/traverse");
  // A CommonJS module whose default export may or may not be wrapped, depending on the loader.
  const outer = (loaded as { default: Traverse | { default: Traverse } }).default;
  return "default" in outer ? outer.default : outer;
}

type Parse = typeof import("@babel/parser").parse;

function parseAny(parse: Parse, source: StrippedSource): ParseResult<t.File> {
  try {
    return parse(source.code, { sourceType: "module", attachComment: false, errorRecovery: false });
  } catch (error) {
    try {
      return parse(source.code, { sourceType: "script", attachComment: false, allowReturnOutsideFunction: true });
    } catch {
      throw syntaxError(error, source);
    }
  }
}

/** Errors that esbuild accepts and Babel does not. */
function syntaxError(error: unknown, source: StrippedSource): unknown {
  if (!(error instanceof SyntaxError) || !("pos" in error) || typeof error.pos !== "number") return error;
  const site = siteOf(source, error.pos);
  const what = error.message.replace(/ \(\d+:\d+\)$/, "");
  return jobSyntax(`${source.name} is not valid TypeScript: ${what} Correct it and start the job again.`, {
    cause: error,
    site,
  });
}

function freshPrefix(code: string): string {
  let prefix = "__mr";
  for (let n = 0; code.includes(prefix); n++) prefix = `__mr${n}`;
  return prefix;
}

function bodyStartOf({ program }: t.File): number {
  return program.directives.at(-1)?.end ?? program.interpreter?.end ?? 0;
}
