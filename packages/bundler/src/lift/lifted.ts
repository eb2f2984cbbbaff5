import type { NodePath } from "@babel/traverse";
import type * as t from "@babel/types";

/** Lifted nodes: everything of the author's that creates a function value, and classes. */
export type LiftedNode =
  | t.FunctionDeclaration
  | t.FunctionExpression
  | t.ArrowFunctionExpression
  | t.ObjectMethod
  | t.ClassDeclaration
  | t.ClassExpression;

interface Refusal {
  readonly message: string;
  /** Offset in the stripped code. */
  readonly at: number;
}

/** A method of a class that can be passed as a value, such as `Parser.parse`. */
export interface Member {
  readonly isStatic: boolean;
  readonly name: string;
  readonly at: number;
}

/** A function or class of the job, and what is needed to recreate it elsewhere. */
export interface Lifted {
  readonly id: string;
  readonly node: LiftedNode;
  readonly path: NodePath;
  /** The number of functions and classes around it. */
  readonly depth: number;
  /** Its own name. */
  readonly ownName: string | undefined;
  /** The name that the language infers from its position. */
  readonly inferredName: string | undefined;
  /** The variable that always holds this function. */
  readonly constant: ConstantName | undefined;
  /** Names of the surrounding local variables that it reads or writes, in order of occurrence. */
  readonly captures: Set<string>;
  /** Whether it uses the `this` of the function around it. */
  usesThis: boolean;
  /** Captured variables that it assigns to. */
  readonly assigned: Set<string>;
  readonly refusals: Refusal[];
  readonly members: readonly Member[];
  /** A class whose instances have state that only its own code can see. */
  readonly hasPrivates: boolean;
  /** A class whose instances keep their type between processes. */
  registered: "at its place" | "hoisted" | undefined;
}

export interface ConstantName {
  readonly name: string;
  /** Visible in the whole module, so that the function need not be copied. */
  readonly ofModule: boolean;
}

export function isClass(node: t.Node): node is t.ClassDeclaration | t.ClassExpression {
  return node.type === "ClassDeclaration" || node.type === "ClassExpression";
}

export function refuse(lifted: Lifted, message: string, node: t.Node): void {
  lifted.refusals.push({ message, at: node.start ?? 0 });
}
