import type { Address } from "../address/model.ts";
import { readPassword } from "../security/password/secret.ts";

/**
 * The addresses with the passwords that they name. The variables that held them are gone then: the adapter and the program
 * that is debugged would inherit them, and show them to every guest.
 */
export async function takePasswords<A extends Address>(addresses: readonly A[]): Promise<A[]> {
  const taken: A[] = [];
  for (const address of addresses) {
    const { password } = address;
    if (password === undefined) taken.push(address);
    else taken.push({ ...address, password: { kind: "literal", value: await readPassword(password) } });
  }
  for (const { password } of addresses) if (password?.kind === "env") delete process.env[password.name];
  return taken;
}

/** A password on the command line can be read by all users of this machine (`ps`): from now on they see a name only. */
export function hideArguments(argv: readonly string[]): void {
  if (argv.some((argument) => /passw/i.test(argument))) process.title = "debug-server";
}
