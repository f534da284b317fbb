import fc from "fast-check";
import type { Access } from "../../../src/common/access.ts";
import type {
  CertificateMatch,
  CertificateReference,
  ClientAddress,
  ClientCertificate,
  Password,
  PortRange,
  ServerAddress,
  Thumbprint,
  TlsProtocol,
} from "../../../src/address/model.ts";

/** Any valid address, built from the model and not from the parser, so that the two can disagree. */

const port = fc.integer({ min: 1, max: 65_535 });

const ports: fc.Arbitrary<PortRange> = fc.oneof(
  fc.constant({ first: 0, last: 0 }),
  port.map((only) => ({ first: only, last: only })),
  fc.tuple(port, port).map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) })),
);

const ipv6 = fc
  .tuple(fc.ipV6(), fc.option(fc.constantFrom("eth0", "br-lan.5", "3", "en_0"), { nil: undefined }))
  .map(([address, zone]) => (zone === undefined ? address : `${address}%${zone}`));
const name = fc.oneof(fc.domain(), fc.constantFrom("localhost", "BUILD_7", "münchen.example", "a.b.", "7up"));
const anyHost = fc.oneof(fc.ipV4(), ipv6, name);
const hostNotIPv4 = fc.oneof(ipv6, name);

/** One line of text without control characters, in which every troublesome character is frequent. */
const text = (maxLength: number) =>
  fc
    .array(
      fc.oneof(
        fc.constantFrom('"', ",", "=", ":", " ", "\t", "\\", "%d", "*", "é", "😀", "/"),
        fc.string({ unit: "grapheme", minLength: 1, maxLength: 4 }),
      ),
      { minLength: 1, maxLength },
    )
    .map((parts) => parts.join("").replace(/(?!\t)[\p{Cc}\p{Cs}\u2028\u2029]/gu, "x"));
const visible = (maxLength: number) => text(maxLength).filter((value) => value.trim() !== "");

const password: fc.Arbitrary<Password> = fc.oneof(
  fc
    .oneof(
      text(12),
      fc.constantFrom("*", "env:HOME", "FILE:x", " a ", '"', '""', "a,b", "hunter2", " ", 'env:"'),
      fc.stringMatching(/^[A-Za-z0-9]{1,12}$/),
    )
    .map((value) => ({ kind: "literal" as const, value })),
  fc
    .stringMatching(/^[A-Za-z_][A-Za-z0-9_()]{0,8}$/)
    .map((variable) => ({ kind: "env" as const, name: variable })),
  fc
    .oneof(visible(8), fc.constantFrom("C:\\Users\\a, b\\pw.txt", "~/pw", " x"))
    .map((path) => ({ kind: "file" as const, path })),
);

const hex = (digits: number) =>
  fc
    .array(fc.constantFrom(..."0123456789abcdef"), { minLength: digits, maxLength: digits })
    .map((all) => all.join(""));
const thumbprint: fc.Arbitrary<Thumbprint> = fc.oneof(
  hex(40).map((digits) => ({ algorithm: "sha1" as const, hex: digits })),
  hex(64).map((digits) => ({ algorithm: "sha256" as const, hex: digits })),
);
const match: fc.Arbitrary<CertificateMatch> = fc.oneof(
  thumbprint.map((print) => ({ kind: "thumbprint" as const, thumbprint: print })),
  fc
    .oneof(visible(10), fc.constantFrom("require", "Require", "CN=a, O=b"))
    .map((value) => ({ kind: "name" as const, name: value })),
);
const certificate: fc.Arbitrary<CertificateReference> = fc.record(
  { store: fc.constantFrom("user" as const, "machine" as const), match },
  { noNullPrototype: true },
);
const clientCert: fc.Arbitrary<ClientCertificate> = fc.oneof(
  fc.constant({ kind: "require" as const }),
  match,
);

const proto = fc.constantFrom<TlsProtocol>("tls1", "tls1.2", "tls1.3");
const access = fc.constantFrom<Access>("view", "control", "full");
const pipe = fc
  .tuple(
    fc.constantFrom("", "%d", "%x", "a%d", "b_%x"),
    fc.stringMatching(/^[A-Za-z0-9_.:*=é-]{1,12}$/),
    fc.constantFrom("", "%d", "%x"),
  )
  .map((parts) => parts.join(""))
  .filter((value) => value !== "." && value !== "..");
const clientPipe = fc.stringMatching(/^[A-Za-z0-9_:*=é-]{1,12}$/);
const device = fc.oneof(
  fc.integer({ min: 1, max: 256 }).map((number) => `com${number}`),
  fc.constantFrom("/dev/ttyUSB0", "\\\\.\\COM12", "/tmp/a, b", '/tmp/"x"', "/tmp/ends with space "),
);
const guestName = visible(8).filter(
  (value) => [...value].length <= 64 && !/[\u202a-\u202e\u2066-\u2069]/.test(value),
);

const serial = {
  device,
  baud: fc.integer({ min: 1, max: 0xffff_ffff }),
  channel: fc.integer({ min: 0, max: 254 }),
};

/** `fc.record` whose keys that are `optional` may be absent. */
function record<T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }, optional: (keyof T)[]) {
  const requiredKeys = (Object.keys(model) as (keyof T)[]).filter((key) => !optional.includes(key));
  return fc.record(model, { requiredKeys, noNullPrototype: true }) as unknown as fc.Arbitrary<T>;
}

const serverOptions = {
  role: fc.constant("server" as const),
  password,
  access,
  maxClients: fc.integer({ min: 1, max: 256 }),
  insecure: fc.boolean(),
};
const networkOptions = { ...serverOptions, anyUser: fc.boolean() };
const serverTls = { proto, certificate, clientCert };
const hidden = fc.boolean();
const icfEnable = fc.boolean();

type Bare = Record<string, unknown>;

/** The rules that go across keys: neither `insecure` nor `any-user` beside what keeps others out, no IPv4 over IPv6 alone. */
function consistent<T extends Bare>(address: T): T {
  const guarded = address["password"] !== undefined || address["clientCert"] !== undefined;
  if (!guarded) return address;
  return { ...address, insecure: false, ...("anyUser" in address && { anyUser: false }) };
}

function withVersion<T extends Bare>(
  build: (host: fc.Arbitrary<string>, v6: fc.Arbitrary<boolean>) => fc.Arbitrary<T>,
) {
  return fc.oneof(build(anyHost, fc.constant(false)), build(hostNotIPv4, fc.constant(true)));
}

const kind = <K extends string>(value: K) => fc.constant(value);
const SERVER_OPTIONAL = ["password", "bind", "clientCert"];

export const serverAddress: fc.Arbitrary<ServerAddress> = fc
  .oneof(
    withVersion((host, ipv6Only) =>
      record<Bare>(
        { ...networkOptions, kind: kind("tcp"), ports, hidden, ipv6Only, icfEnable, bind: host },
        SERVER_OPTIONAL,
      ),
    ),
    withVersion((host, ipv6Only) =>
      record<Bare>(
        { ...networkOptions, kind: kind("tcpReverse"), port, clicon: host, ipv6Only },
        SERVER_OPTIONAL,
      ),
    ),
    record<Bare>({ ...serverOptions, kind: kind("npipe"), pipe, hidden, icfEnable }, SERVER_OPTIONAL),
    record<Bare>({ ...serverOptions, kind: kind("com"), ...serial, hidden }, SERVER_OPTIONAL),
    record<Bare>(
      { ...networkOptions, ...serverTls, kind: kind("ssl"), ports, hidden, bind: anyHost },
      SERVER_OPTIONAL,
    ),
    record<Bare>(
      { ...networkOptions, ...serverTls, kind: kind("sslReverse"), port, clicon: anyHost },
      SERVER_OPTIONAL,
    ),
    record<Bare>({ ...serverOptions, ...serverTls, kind: kind("spipe"), pipe, hidden }, SERVER_OPTIONAL),
  )
  .map((address) => consistent(address) as unknown as ServerAddress);

const clientOptions = { role: fc.constant("client" as const), password, name: guestName };
const CLIENT_OPTIONAL = ["password", "name"];

function clientTls(fields: { [key: string]: fc.Arbitrary<unknown> }) {
  const all = { ...clientOptions, proto, ...fields };
  return fc.oneof(
    record<Bare>({ ...all, certificate, thumbprint }, [...CLIENT_OPTIONAL, "thumbprint"]),
    record<Bare>({ ...all, thumbprint }, CLIENT_OPTIONAL),
  );
}

export const clientAddress: fc.Arbitrary<ClientAddress> = fc
  .oneof(
    withVersion((server, ipv6Only) =>
      record<Bare>({ ...clientOptions, kind: kind("tcp"), server, port, ipv6Only }, CLIENT_OPTIONAL),
    ),
    withVersion((clicon, ipv6Only) =>
      record<Bare>({ ...clientOptions, kind: kind("tcpReverse"), clicon, ports, ipv6Only }, CLIENT_OPTIONAL),
    ),
    record<Bare>(
      { ...clientOptions, kind: kind("npipe"), server: anyHost, pipe: clientPipe },
      CLIENT_OPTIONAL,
    ),
    record<Bare>({ ...clientOptions, kind: kind("com"), ...serial }, CLIENT_OPTIONAL),
    clientTls({ kind: kind("ssl"), server: anyHost, port }),
    clientTls({ kind: kind("sslReverse"), clicon: anyHost, ports }),
    clientTls({ kind: kind("spipe"), server: anyHost, pipe: clientPipe }),
  )
  .map((address) => address as unknown as ClientAddress);
