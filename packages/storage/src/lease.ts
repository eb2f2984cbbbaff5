// The lease of a directory, apart from the rest of the package: only its owners read and write it.
export { LeaseFolder } from "./lease/lease-folder.ts";
