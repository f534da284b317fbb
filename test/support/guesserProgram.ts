import { guessAll } from "./guesser.ts";

// A local user who guesses a server's password without pause: PORT CONNECTIONS. Each outcome is a line.

const [port = "", connections = ""] = process.argv.slice(2);
const never = new AbortController().signal;
void guessAll(Number(port), ["127.0.0.1", "127.0.1.7"], Number(connections), never, (outcome) =>
  console.log(`guess: ${outcome}`),
);
