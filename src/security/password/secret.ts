import { open } from "node:fs/promises";
import type { Password } from "../../address/model.ts";
import { AppError } from "../../common/errors.ts";

/** Letters; no person types more, and a file that holds more is another file. */
const MAXIMUM = 4096;

/**
 * The password itself: written in the connection string, in an environment variable, or the first line of a file.
 * Normalised as RFC 8265, section 4.2 says (NFC), so that it does not matter on which system it was typed. Rejects with
 * an AppError, which holds nothing of it.
 */
export async function readPassword(
  password: Password,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const value = (await read(password, environment)).normalize("NFC");
  if (value.length <= MAXIMUM) return value;
  throw new AppError("badArguments", `The password is longer than ${MAXIMUM} characters.`);
}

async function read(password: Password, environment: NodeJS.ProcessEnv): Promise<string> {
  switch (password.kind) {
    case "literal":
      return password.value;
    case "env": {
      const value = environment[password.name];
      if (value !== undefined && value !== "") return value;
      throw new AppError("badArguments", `The environment variable ${password.name} holds no password.`, {
        hint: "Set it, or give the password in another way.",
      });
    }
    case "file":
      return firstLine(password.path);
  }
}

async function firstLine(path: string): Promise<string> {
  const text = await startOf(path).catch((cause: unknown) => {
    throw new AppError("badArguments", `The password cannot be read from the file ${path}.`, { cause });
  });
  const line = text.replace(/^\ufeff/, "").split(/\r?\n/, 1)[0] ?? "";
  if (line !== "") return line;
  throw new AppError("badArguments", `The first line of the file ${path} is empty.`, {
    hint: "It should hold the password.",
  });
}

/** Not all of it: it may be any file. */
async function startOf(path: string): Promise<string> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4 * MAXIMUM + 2), 0, 4 * MAXIMUM + 2, null);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}
