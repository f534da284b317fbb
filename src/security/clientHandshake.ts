import net from "node:net";
import os from "node:os";
import type { ClientAddress } from "../address/model.ts";
import type { Channel, WaitOptions } from "../transport/channel.ts";
import { type FindOptions, findCertificate } from "./certificates/find.ts";
import { provePassword } from "./password/exchange.ts";
import { readPassword } from "./password/secret.ts";
import { refuseServer, type ServerTrust } from "./peerCertificate.ts";
import { systemRoots } from "./systemRoots.ts";
import { openTls, type OpenTlsOptions, type SecureChannel, toIdentity } from "./tls.ts";

/** A guest's side of what comes before the link (a server's: serverHandshake.ts). */
export interface ClientHandshake {
  /**
   * Proves to the server who this guest is, as far as the connection string says how, and checks who the server is. Resolves
   * with the channel on which the link is spoken: inside TLS, unless the string asks for none of it. Rejects with an AppError,
   * and destroys the channel then.
   */
  authenticate(channel: Channel, wait: WaitOptions): Promise<Channel>;
}

/**
 * Reads what a connection string names, before a server is called. Rejects with an AppError if a certificate or a password
 * cannot be had.
 */
export async function prepareClientHandshake(
  address: ClientAddress,
  certificates: FindOptions | undefined,
): Promise<ClientHandshake> {
  const password = address.password && (await readPassword(address.password));
  const prepared = await prepareTls(address, certificates);
  if (prepared === undefined && password === undefined) return { authenticate: async (channel) => channel };
  // Without a certificate: who the server is, is proved by the password.
  const { options, trust } = prepared ?? { options: { proto: "tls1.3" as const }, trust: undefined };
  return {
    async authenticate(channel, wait) {
      const secure = await openTls(channel, { ...options, ...wait });
      try {
        check(secure, trust);
        if (password !== undefined) await provePassword(secure, password, wait);
        return secure;
      } catch (thrown) {
        secure.stream.destroy();
        throw thrown;
      }
    },
  };
}

function check(secure: SecureChannel, trust: ServerTrust | undefined): void {
  const refusal = trust && refuseServer(secure, trust);
  if (refusal !== undefined) throw refusal;
}

interface Prepared {
  readonly options: Omit<OpenTlsOptions, keyof WaitOptions>;
  readonly trust: ServerTrust;
}

async function prepareTls(
  address: ClientAddress,
  certificates: FindOptions | undefined,
): Promise<Prepared | undefined> {
  if (!("proto" in address)) return undefined;
  const { proto, certificate, thumbprint: pin } = address;
  const found = certificate && (await findCertificate(certificate, "trust", certificates));
  const hosts = hostsOf(address);
  const trusted = [...(await systemRoots()), ...(found === undefined ? [] : [found.x509.toString()])];
  const [name = ""] = hosts;
  const serverName = net.isIP(name) === 0 ? name : undefined;
  return {
    options: { proto, identity: found && toIdentity(found), trusted, serverName },
    trust: { pin, named: found?.x509, hosts },
  };
}

/** By what names the server's certificate may know it. A pipe's is this machine. */
function hostsOf(address: ClientAddress): string[] {
  const server = "server" in address ? address.server : "clicon" in address ? address.clicon : "localhost";
  return address.kind === "spipe" && server === "localhost" ? [server, os.hostname()] : [server];
}
