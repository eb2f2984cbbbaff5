// Something to listen to: made-up lines of an access log, served on port 9999 until Ctrl-C. Your own source takes its place.
import { createServer } from "node:net";

const [host = "localhost"] = process.argv.slice(2);

const server = createServer((client) => {
  const timer = setInterval(() => client.write(`${line()}\n`), 100);
  client.resume(); // or its end would not be seen
  client.on("error", () => undefined); // followed by `close`
  client.on("close", () => clearInterval(timer));
});
server.on("error", ({ message }) => {
  console.error(
    `no lines are served: ${message}. End the program that has the port, or change it here and in src/job.ts.`,
  );
  process.exitCode = 1;
});
server.listen(9999, host, () => console.log(`serving lines on ${host}:9999`));

process.on("SIGTERM", () => process.exit(0));

function line() {
  const path = ["/", "/cart", "/order"][Math.floor(Math.random() * 3)];
  return `GET ${path} ${Math.random() < 0.1 ? 503 : 200} ${Math.floor(Math.random() * 100)}`;
}
