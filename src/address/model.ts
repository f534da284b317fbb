import type { Access } from "../common/access.ts";

/** The transports by the names that stand before the colon. */
export type Transport = "tcp" | "npipe" | "com" | "ssl" | "spipe";

/** Whose string it is: that of the side which serves the session, or that of one which joins it. */
export type Role = "server" | "client";

/** Both ends included, `first <= last`. A single port has both the same; `0:0` is any free port. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** `tls1` is the name WinDbg's users know: TLS 1.2 or newer. */
export type TlsProtocol = "tls1" | "tls1.2" | "tls1.3";

/** The secret itself, or where to get it when it is needed. */
export type Password =
  | { readonly kind: "literal"; readonly value: string }
  | { readonly kind: "env"; readonly name: string }
  | { readonly kind: "file"; readonly path: string };

/** `hex` is in lower case, without separators: 40 digits of SHA-1 or 64 of SHA-256. */
export interface Thumbprint {
  readonly algorithm: "sha1" | "sha256";
  readonly hex: string;
}

export type CertificateMatch =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "thumbprint"; readonly thumbprint: Thumbprint };

/** `certuser=` and `machuser=`. */
export interface CertificateReference {
  readonly store: "user" | "machine";
  readonly match: CertificateMatch;
}

/** `clientcert=`: any certificate that the server trusts, or a certain one. */
export type ClientCertificate = { readonly kind: "require" } | CertificateMatch;

interface ServerOptions {
  readonly role: "server";
  readonly password?: Password;
  readonly access: Access;
  readonly maxClients: number;
  /** Never together with a password or a client's certificate: the parser refuses that. */
  readonly insecure: boolean;
}

/** Of a server that is reached over TCP, or that calls its guest over it. */
interface NetworkServerOptions extends ServerOptions {
  /** Without a password or a guest's certificate every user of this machine may come in. */
  readonly anyUser: boolean;
}

interface ServerTls {
  readonly proto: TlsProtocol;
  readonly certificate: CertificateReference;
  readonly clientCert?: ClientCertificate;
}

export interface TcpServer extends NetworkServerOptions {
  readonly kind: "tcp";
  readonly ports: PortRange;
  readonly hidden: boolean;
  readonly ipv6Only: boolean;
  readonly icfEnable: boolean;
  readonly bind?: string;
}

/** The server dials the client, which listens. */
export interface TcpReverseServer extends NetworkServerOptions {
  readonly kind: "tcpReverse";
  readonly port: number;
  /** The host of the client. */
  readonly clicon: string;
  readonly ipv6Only: boolean;
}

export interface PipeServer extends ServerOptions {
  readonly kind: "npipe";
  /** As written: `%d` and `%x` are expanded by `withExpandedPipe`. */
  readonly pipe: string;
  readonly hidden: boolean;
  readonly icfEnable: boolean;
}

export interface ComServer extends ServerOptions {
  readonly kind: "com";
  /** `com` and a number, or the path of a device. */
  readonly device: string;
  readonly baud: number;
  readonly channel: number;
  readonly hidden: boolean;
}

export interface SslServer extends NetworkServerOptions, ServerTls {
  readonly kind: "ssl";
  readonly ports: PortRange;
  readonly hidden: boolean;
  readonly bind?: string;
}

/** The server dials the client; it still is the server of TLS. */
export interface SslReverseServer extends NetworkServerOptions, ServerTls {
  readonly kind: "sslReverse";
  readonly port: number;
  /** The host of the client. */
  readonly clicon: string;
}

export interface SecurePipeServer extends ServerOptions, ServerTls {
  readonly kind: "spipe";
  /** As written: `%d` and `%x` are expanded by `withExpandedPipe`. */
  readonly pipe: string;
  readonly hidden: boolean;
}

export type ServerAddress =
  TcpServer | TcpReverseServer | PipeServer | ComServer | SslServer | SslReverseServer | SecurePipeServer;

interface ClientOptions {
  readonly role: "client";
  readonly password?: Password;
  /** How others see this guest. */
  readonly name?: string;
}

/** A client names the server's certificate in a store, or pins its thumbprint, or both. */
type ClientTls = { readonly proto: TlsProtocol } & (
  | { readonly certificate: CertificateReference; readonly thumbprint?: Thumbprint }
  | { readonly certificate?: undefined; readonly thumbprint: Thumbprint }
);

export interface TcpClient extends ClientOptions {
  readonly kind: "tcp";
  readonly server: string;
  readonly port: number;
  readonly ipv6Only: boolean;
}

/** The client listens until the server dials it. */
export interface TcpReverseClient extends ClientOptions {
  readonly kind: "tcpReverse";
  /** The host of the server. */
  readonly clicon: string;
  readonly ports: PortRange;
  readonly ipv6Only: boolean;
}

export interface PipeClient extends ClientOptions {
  readonly kind: "npipe";
  readonly server: string;
  readonly pipe: string;
}

export interface ComClient extends ClientOptions {
  readonly kind: "com";
  /** `com` and a number, or the path of a device. */
  readonly device: string;
  readonly baud: number;
  readonly channel: number;
}

export type SslClient = ClientOptions &
  ClientTls & { readonly kind: "ssl"; readonly server: string; readonly port: number };

/** The client listens until the server dials it; it still is the client of TLS. */
export type SslReverseClient = ClientOptions &
  ClientTls & {
    readonly kind: "sslReverse";
    /** The host of the server. */
    readonly clicon: string;
    readonly ports: PortRange;
  };

export type SecurePipeClient = ClientOptions &
  ClientTls & { readonly kind: "spipe"; readonly server: string; readonly pipe: string };

export type ClientAddress =
  TcpClient | TcpReverseClient | PipeClient | ComClient | SslClient | SslReverseClient | SecurePipeClient;

export type Address = ServerAddress | ClientAddress;

/**
 * The properties of addresses that stand for keys, with their types: what the tables, the value parsers and the
 * printers are indexed by. `certuser` and `machuser` fill the same one, so that an address cannot have both.
 */
export interface Fields {
  readonly ports: PortRange;
  readonly port: number;
  readonly server: string;
  readonly clicon: string;
  readonly pipe: string;
  readonly device: string;
  readonly baud: number;
  readonly channel: number;
  readonly proto: TlsProtocol;
  readonly certificate: CertificateReference;
  readonly thumbprint: Thumbprint;
  readonly clientCert: ClientCertificate;
  readonly password: Password;
  readonly ipv6Only: boolean;
  readonly hidden: boolean;
  readonly icfEnable: boolean;
  readonly bind: string;
  readonly access: Access;
  readonly maxClients: number;
  readonly insecure: boolean;
  readonly anyUser: boolean;
  readonly name: string;
}

export type Field = keyof Fields;
