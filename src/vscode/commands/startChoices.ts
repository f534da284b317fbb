import { quote } from "../../address/quote.ts";

/** A way to serve a session, as the wizard offers it. */
export interface StartChoice {
  readonly label: string;
  readonly description?: string;
  readonly detail: string;
  /** The connection string; undefined: it is to be typed. */
  readonly server: string | undefined;
  /** A password is to be chosen for it. */
  readonly needsPassword: boolean;
  /** Any client that gets there comes in unasked: this is to be confirmed, and what guests may do is a part of it. */
  readonly insecure: boolean;
}

/** What this machine has that a server can have. */
export interface Means {
  /** Names of pipes that are in use. */
  readonly pipesInUse: ReadonlySet<string>;
  /** The names of this user's certificates that can serve. */
  readonly certificates: readonly string[];
  /** Serial devices. */
  readonly devices: readonly string[];
  /** Node's name of it; on Windows pipes reach other machines. */
  readonly platform: NodeJS.Platform;
}

/** What most people want, the safest first. */
export function startChoices(
  sessionName: string,
  { pipesInUse, certificates, devices, platform }: Means,
): StartChoice[] {
  const pipe = `npipe:pipe=${pipeName(sessionName, pipesInUse)}`;
  const asked = "You are asked before anybody comes in.";
  return [
    {
      label: "$(device-desktop) This machine: TCP, any free port",
      description: "tcp:port=0",
      detail: `For your own programs, also editors that speak plain DAP. ${asked}`,
      server: "tcp:port=0",
      insecure: false,
      needsPassword: false,
    },
    {
      label: "$(device-desktop) This machine: pipe",
      description: pipe,
      detail:
        platform === "win32"
          ? `A named pipe, which other machines of your network can reach. ${asked}`
          : `Only programs that run as you can reach it. ${asked}`,
      server: pipe,
      insecure: false,
      needsPassword: false,
    },
    {
      label: "$(lock) Other machines: TCP with a password",
      description: "tcp:port=0,password=…",
      detail: "Encrypted. Whoever knows the password comes in, without a question.",
      server: "tcp:port=0",
      insecure: false,
      needsPassword: true,
    },
    ...certificates.map((name) => {
      const server = `ssl:proto=tls1,certuser=${quote(name)},port=0`;
      return {
        label: `$(lock) Other machines: TLS with the certificate “${name}” and a password`,
        description: `${server},password=…`,
        detail: "Guests know this machine by its certificate, and come in by the password.",
        server,
        insecure: false,
        needsPassword: true,
      };
    }),
    ...devices.map((device) => ({
      label: `$(plug) Serial line ${device}`,
      description: `com:port=${quote(device)},baud=115200,channel=0`,
      detail: `For the machine at the other end of the cable, without a password. ${asked}`,
      server: `com:port=${quote(device)},baud=115200,channel=0`,
      insecure: false,
      needsPassword: false,
    })),
    {
      label: "$(warning) Other machines: TCP without a password",
      description: "tcp:port=0,insecure",
      detail: "Not safe: everybody comes in, unasked. For networks in which you trust all.",
      server: "tcp:port=0,insecure",
      insecure: true,
      needsPassword: false,
    },
    {
      label: "$(edit) Type a connection string…",
      detail: "As after WinDbg’s .server, for example tcp:port=5005",
      server: undefined,
      insecure: false,
      needsPassword: false,
    },
  ];
}

const PIPE_LENGTH = 32;

/** A name that people recognise: `Launch Program` becomes `launch-program`, the second `launch-program-2`. */
export function pipeName(sessionName: string, taken: ReadonlySet<string>): string {
  const letters = sessionName.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const words = letters.match(/[a-z0-9]+/g) ?? ["debug"];
  const base = words.join("-").slice(0, PIPE_LENGTH).replace(/-$/, "");
  let name = base;
  for (let n = 2; taken.has(name); n++) name = `${base}-${n}`;
  return name;
}
