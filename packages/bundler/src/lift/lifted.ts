import type { NodePath } from "@babel/traverse";
import type * as t from "@babel/types";

/** What is lifted: everything of the author's that makes a function value, and classes. */
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

/** One function or class of the job, and what it takes to make it again elsewhere. */
export interface Lifted {
  readonly id: string;
  readonly node: LiftedNode;
  readonly path: NodePath;
  /** How many functions and classes lie around it. */
  readonly depth: number;
  /** Its own name. */
  readonly ownName: string | undefined;
  /** The name that the language would give it from where it stands. */
  readonly inferredName: string | undefined;
  /** The variable that is this function and nothing else, ever. */
  readonly constant: ConstantName | undefined;
  /** Names of local variables from around it that it reads or writes, in order of first sight. */
  readonly captures: Set<string>;
  /** Whether it sees the `this` of the function around it. */
  usesThis: boolean;
  /** Captured variables that it assigns to. */
  readonly assigned: Set<string>;
  readonly refusals: Refusal[];
  readonly members: readonly Member[];
  /** A class whose instances hold what only its own code can see. */
  readonly hasPrivates: boolean;
  /** A class whose instances keep their type between processes. */
  registered: "at its place" | "hoisted" | undefined;
}

export interface ConstantName {
  readonly name: string;
  /** Visible to the whole module, so that no copy of the function is needed. */
  readonly ofModule: boolean;
}

export function isClass(node: t.Node): node is t.ClassDeclaration | t.ClassExpression {
  return node.type === "ClassDeclaration" || node.type === "ClassExpression";
}

export function refuse(lifted: Lifted, message: string, node: t.Node): void {
  lifted.refusals.push({ message, at: node.start ?? 0 });
}
