import type { Existing, ExistingValue } from "../../address/complete.ts";
import { printCertificate } from "../../address/certificate.ts";
import { parseClient } from "../../address/parse.ts";
import { quote } from "../../address/quote.ts";
import type { Registry, ServerEntry } from "../../host/registry.ts";
import { nameOf } from "../../security/certificates/certificate.ts";
import { trustedCertificates } from "../../security/certificates/find.ts";
import { listSerialPorts } from "../../transport/serial/port.ts";

/** What this machine has that can stand in a connection string. What cannot be listed is left out. */
export async function existingValues(registry: Pick<Registry, "list">): Promise<Existing> {
  const [servers, certificates, devices] = await Promise.all([
    registry.list().catch(() => []),
    trustedCertificates().catch(() => []),
    listSerialPorts().catch(() => []),
  ]);
  const byStore = (store: "user" | "machine") =>
    certificates
      .filter((certificate) => certificate.store === store)
      .map((certificate) => ({
        value: printCertificate({ kind: "name", name: nameOf(certificate) }),
        detail: `valid until ${certificate.x509.validTo}`,
      }));
  return {
    ...ofServers(servers),
    device: devices.map(({ path, description }) => ({
      value: quote(path),
      detail: description ?? "a serial port",
    })),
    certuser: byStore("user"),
    machuser: byStore("machine"),
    clientcert: [...byStore("user"), ...byStore("machine")],
    thumbprint: certificates.map((certificate) => ({
      value: certificate.sha256,
      detail: nameOf(certificate),
    })),
  };
}

/** The ports and pipes at which the servers of this machine are joined. */
export function ofServers(servers: readonly Pick<ServerEntry, "join" | "session">[]): Existing {
  const found: Record<string, ExistingValue[]> = {};
  for (const { join, session } of servers) {
    const parsed = parseClient(join);
    if (!parsed.ok) continue;
    const { value: address } = parsed;
    const detail = `“${session.name}” is served there`;
    const add = (key: string, value: string) =>
      (found[`${address.kind} ${key}`] ??= []).push({ value, detail });
    if ("port" in address) add("port", String(address.port));
    if ("pipe" in address) add("clientPipe", address.pipe);
  }
  return found;
}
