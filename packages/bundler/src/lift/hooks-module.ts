/**
 * Source of the module from which lifted code imports its hooks: a thin layer over `JobHooks`, so that the code
 * injected into each file stays short. Plain JavaScript: it becomes part of every job. Classes that esbuild renamed get
 * their names back, since a printed record shows the name of its class.
 */
export function hooksModule(build: "driver" | "executor"): string {
  return `${COMMON}${build === "driver" ? DRIVER : EXECUTOR}`;
}

const PRIVATES_REMEDY =
  "Its class has #private members, which only its own code can read: make them public (TypeScript's `private` will do), " +
  "or send a plain object";
const LOCAL_REMEDY =
  "Its class is declared in a function, whose variables it uses: move the class to the top of a file, or send a plain object";

const COMMON = `
const hooks = globalThis[Symbol.for("millrace.job")];
if (hooks === undefined) {
  throw new Error("This is a job bundled by Millrace. A Millrace process loads it; it does not run by itself.");
}
export function defineImport(id, read) {
  let value;
  try { value = read(); } catch { return; }
  if (value !== undefined) hooks.defineImport(id, value);
}
const memberId = (id, name, isStatic) => id + (isStatic ? "." : ".prototype.") + name;
const nameOf = (id) => id.slice(id.indexOf(":") + 1);
function keepName(type, id) {
  const own = Object.getOwnPropertyDescriptor(type, "name");
  const isDefault = own !== undefined && typeof own.value === "string" && !own.writable;
  if (isDefault && id.includes(":") && own.value !== nameOf(id)) {
    Object.defineProperty(type, "name", { value: nameOf(id), configurable: true });
  }
}
const REFUSAL = Symbol.for("millrace.refusal");
function refuseInstances(type, remedy) {
  if (!Object.hasOwn(type, REFUSAL)) Object.defineProperty(type, REFUSAL, { value: remedy });
}
// Only a class's own code can read its #private members, so an instance would arrive without them: such classes, and
// their subclasses, stay unknown to the codec, which refuses their instances and finds the remedy here.
function keepClass(type, id, hasPrivates) {
  if (hasPrivates) refuseInstances(type, ${JSON.stringify(PRIVATES_REMEDY)});
  if (type[REFUSAL] === undefined) hooks.defineClass(id, type);
}
const memberOf = (type, name, isStatic) => (isStatic ? type : type.prototype)[name];
`;

const DRIVER = `
const nothing = () => [];
const noNames = [];
export function tag(fn, id, file, line, column, captures = nothing, names = noNames, assigned, refusals) {
  return hooks.tag(fn, id, captures, names, { file, line, column }, assigned, refusals);
}
export function tagClass(type, id, file, line, column, registered, hasPrivates, members, captures, names, assigned, refusals) {
  keepName(type, id);
  tag(type, id, file, line, column, captures, names, assigned, refusals);
  if (registered) keepClass(type, id, hasPrivates);
  else refuseInstances(type, ${JSON.stringify(LOCAL_REMEDY)});
  for (const [name, isStatic, line, column] of members) {
    const fn = memberOf(type, name, isStatic);
    if (typeof fn !== "function") continue;
    if (registered) tag(fn, memberId(id, name, isStatic), file, line, column);
    else tag(fn, memberId(id, name, isStatic), file, line, column, () => [type], ["class"]);
  }
  return type;
}
`;

const EXECUTOR = `
export function define(id, factory) {
  hooks.define(id, factory);
}
export function registerClass(type, id, hasPrivates, members) {
  keepName(type, id);
  keepClass(type, id, hasPrivates);
  hooks.define(id, () => type);
  for (const [name, isStatic] of members) hooks.define(memberId(id, name, isStatic), () => memberOf(type, name, isStatic));
  return type;
}
export function hoistClasses(ids, make) {
  let made;
  try {
    made = make();
  } catch (error) {
    for (const [id] of ids) hooks.define(id, () => { throw error; });
    return;
  }
  ids.forEach(([id, hasPrivates, members], index) => registerClass(made[index], id, hasPrivates, members));
}
export function defineMembers(id, members) {
  for (const [name, isStatic] of members) {
    hooks.define(memberId(id, name, isStatic), (type) => memberOf(type, name, isStatic));
  }
}
`;
