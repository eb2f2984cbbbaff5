// Something to read: each second a file with made-up lines of an access log, until Ctrl-C. Your own source takes its place.
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [folder = "incoming"] = process.argv.slice(2);

mkdirSync(folder, { recursive: true });
console.log(`writing files to ${folder}`);
setInterval(() => {
  const name = `${Date.now()}.log`;
  // Complete first, then there: a name that begins with a dot is not read.
  writeFileSync(join(folder, `.${name}`), Array.from({ length: 10 }, line).join(""));
  renameSync(join(folder, `.${name}`), join(folder, name));
}, 1000);

function line() {
  const path = ["/", "/cart", "/order"][Math.floor(Math.random() * 3)];
  return `GET ${path} ${Math.random() < 0.1 ? 503 : 200} ${Math.floor(Math.random() * 100)}\n`;
}
