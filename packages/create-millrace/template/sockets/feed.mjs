// Something to listen to: made-up lines of an access log, served on port 9999 until Ctrl-C. Your own source takes its place.
import { createServer } from "node:net";

const [host = "localhost"] = process.argv.slice(2);

createServer((client) => {
  const timer = setInterval(() => client.write(`${line()}\n`), 100);
  client.resume(); // or its end would not be seen
  client.on("error", () => undefined); // followed by `close`
  client.on("close", () => clearInterval(timer));
}).listen(9999, host, () => console.log(`serving lines on ${host}:9999`));

process.on("SIGTERM", () => process.exit(0));

function line() {
  const path = ["/", "/cart", "/order"][Math.floor(Math.random() * 3)];
  return `GET ${path} ${Math.random() < 0.1 ? 503 : 200} ${Math.floor(Math.random() * 100)}`;
}
