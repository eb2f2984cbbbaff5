import type * as t from "@babel/types";
import { siteOf } from "../stripped-source.ts";
import type { Analysis } from "./analyse.ts";
import { isNamelessDefault } from "./collect.ts";
import { type Edit, type Emitted, Emitter, sortEdits } from "./emitter.ts";
import { isClass, type Lifted } from "./lifted.ts";
import { callWith, endOfStatement, inNamedLiteral, moduleEdits, needsParentheses, statementPlaces } from "./places.ts";

/** The author's module with a tag on every function and class that it creates. */
export function driverBuild(analysis: Analysis): Emitted {
  const emitter = new Emitter(analysis.source);
  const edits = [...moduleEdits(analysis), ...analysis.lifted.flatMap((one) => tagEdits(one, analysis))];
  emitter.range(0, analysis.source.code.length, sortEdits(edits));
  return emitter.finish();
}

function tagEdits(one: Lifted, analysis: Analysis): Edit[] {
  const hook = `${analysis.prefix}.${isClass(one.node) ? "tagClass" : "tag"}`;
  const details = tagDetails(one, analysis);
  switch (one.node.type) {
    case "FunctionDeclaration": {
      const text = ` ${callWith(hook, [one.constant?.name ?? one.ownName ?? "", ...details])};`;
      return [...nameEdit(one.node, analysis), ...statementPlaces(one, analysis).map((at) => statement(at, text))];
    }
    case "ClassDeclaration": {
      const text = ` ${callWith(hook, [one.constant?.name ?? one.ownName ?? "", ...details])};`;
      return [...nameEdit(one.node, analysis), statement(endOfStatement(one.path), text)];
    }
    case "ObjectMethod": {
      const key = analysis.source.code.slice(one.node.key.start ?? 0, one.node.key.end ?? 0);
      const [open, close] = inNamedLiteral(one.ownName ?? "", false);
      return around(one, `${key}: ${hook}(${open}`, `${close}, ${details.join(", ")})`);
    }
    default: {
      const [open, close] = one.inferredName === undefined ? ["", ""] : inNamedLiteral(one.inferredName, true);
      const [before, after] = needsParentheses(one.path) ? ["(", ")"] : ["", ""];
      return around(one, `${before}${hook}(${open}`, `${close}, ${details.join(", ")})${after}`);
    }
  }
}

/** Id, site, captures, assignments and refusals as arguments in source text; trailing empty ones are omitted. */
function tagDetails(one: Lifted, { source }: Analysis): string[] {
  const site = siteOf(source, one.node.start ?? 0);
  const details = [JSON.stringify(one.id), JSON.stringify(site.file), `${site.line}`, `${site.column}`];
  if (isClass(one.node)) {
    details.push(`${one.registered !== undefined}`, `${one.hasPrivates}`, JSON.stringify(memberSites(one, source)));
  }
  const captures = one.registered === "hoisted" ? [] : [...one.captures, ...(one.usesThis ? ["this"] : [])];
  const refusals = one.refusals.map(({ message, at }) => ({ message, site: siteOf(source, at) }));
  if (captures.length > 0 || refusals.length > 0)
    details.push(`() => [${captures.join(", ")}]`, JSON.stringify(captures));
  if (refusals.length > 0) details.push(JSON.stringify([...one.assigned]), JSON.stringify(refusals));
  return details;
}

function memberSites({ members }: Lifted, source: Analysis["source"]): [string, boolean, number, number][] {
  return members.map(({ name, isStatic, at }) => {
    const { line, column } = siteOf(source, at);
    return [name, isStatic, line, column];
  });
}

export function statement(at: number, text: string): Edit {
  return { at, end: at, text, rank: "statement", depth: 0 };
}

export function around({ node, depth }: Lifted, open: string, close: string): Edit[] {
  const start = node.start ?? 0;
  const end = node.end ?? 0;
  return [
    { at: start, end: start, text: open, rank: "open", depth },
    { at: end, end, text: close, rank: "close", depth },
  ];
}

/** Gives a nameless default export a name. */
export function nameEdit(node: t.FunctionDeclaration | t.ClassDeclaration, { source, prefix }: Analysis): Edit[] {
  if (!isNamelessDefault(node)) return [];
  const start = node.start ?? 0;
  const at = isClass(node) ? start + "class".length : source.code.indexOf("(", start);
  return [{ at, end: at, text: ` ${prefix}_default`, rank: "open", depth: 0 }];
}
