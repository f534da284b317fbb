import type {
  CertificateReference,
  ClientAddress,
  PipeServer,
  PortRange,
  SecurePipeServer,
  ServerAddress,
  Thumbprint,
  TlsProtocol,
} from "./model.ts";
import { expandPipe } from "./pipe.ts";

/**
 * The address with the port that is really in use: `port=51:60`, of which 53 was free, becomes `port=53:60`, and
 * `port=0` the port that the system chose. That is what listings show.
 */
export function withBoundPort<A extends { readonly ports: PortRange }>(address: A, port: number): A {
  return { ...address, ports: { first: port, last: Math.max(port, address.ports.last) } };
}

/** The address with the pipe's name that is really in use. */
export function withExpandedPipe<A extends PipeServer | SecurePipeServer>(
  address: A,
  processId: number,
  threadId: number,
): A {
  return { ...address, pipe: expandPipe(address.pipe, processId, threadId) };
}

/**
 * How a guest joins the server: what people are given to copy. `server` is the address in use, so one that went
 * through `withBoundPort` or `withExpandedPipe`; `host` is this machine's name or address as the guest can reach
 * it (a serial line has none). With `thumbprint` the guest pins the server's certificate and needs none in a
 * store; without, it is told the name that the server goes by, as in WinDbg. Never holds a password.
 */
export function clientAddressFor(
  server: ServerAddress,
  host: string,
  options: { readonly thumbprint?: Thumbprint } = {},
): ClientAddress {
  const role = "client";
  switch (server.kind) {
    case "tcp":
      return { role, kind: "tcp", server: host, port: server.ports.first, ipv6Only: server.ipv6Only };
    case "tcpReverse":
      return {
        role,
        kind: "tcpReverse",
        clicon: host,
        ports: { first: server.port, last: server.port },
        ipv6Only: server.ipv6Only,
      };
    case "npipe":
      return { role, kind: "npipe", server: host, pipe: server.pipe };
    case "com": {
      const { device, baud, channel } = server;
      return { role, kind: "com", device, baud, channel };
    }
    case "ssl":
      return {
        role,
        kind: "ssl",
        ...trust(server, options.thumbprint),
        server: host,
        port: server.ports.first,
      };
    case "sslReverse":
      return {
        role,
        kind: "sslReverse",
        ...trust(server, options.thumbprint),
        clicon: host,
        ports: { first: server.port, last: server.port },
      };
    case "spipe":
      return { role, kind: "spipe", ...trust(server, options.thumbprint), server: host, pipe: server.pipe };
  }
}

function trust(
  { proto, certificate }: { readonly proto: TlsProtocol; readonly certificate: CertificateReference },
  thumbprint: Thumbprint | undefined,
) {
  return thumbprint === undefined ? { proto, certificate } : { proto, thumbprint };
}
