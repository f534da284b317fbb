import { AppError } from "../../common/errors.ts";
import { type RunPowerShell, runPowerShell } from "../powerShell.ts";
import type { TcpConnection } from "../channel.ts";
import type { ConnectionTable, Finding } from "./connectionTable.ts";
import { endsOf, findOwner, type OpenSocket } from "./openSockets.ts";
import { asNumber } from "../../common/values.ts";

// Windows: Get-NetTCPConnection, and the owner of the process that has the connection. Never run by a test of ours, for want
// of Windows: what the script prints is recorded.

/**
 * Connections are read before and after their processes' owners, and count only if they are in both lists: the id of a
 * process that has ended is given to another. An owner that this user may not see is null.
 */
const SCRIPT = `
$ErrorActionPreference = 'Stop'
$ports = $env:DEBUG_SERVER_PORTS -split ','
function Read-Connections {
  @(Get-NetTCPConnection -LocalPort $ports -ErrorAction SilentlyContinue | Where-Object { $_.OwningProcess -ne 0 } |
    ForEach-Object { @($_.LocalAddress, $_.LocalPort, $_.RemoteAddress, $_.RemotePort, $_.OwningProcess) -join ' ' })
}
$before = Read-Connections
$owners = @{}
foreach ($id in @($before | ForEach-Object { ($_ -split ' ')[4] } | Sort-Object -Unique)) {
  $owners[$id] = try {
    (Get-CimInstance Win32_Process -Filter "ProcessId = $id" | Invoke-CimMethod -MethodName GetOwnerSid).Sid
  } catch { $null }
}
$after = Read-Connections
ConvertTo-Json -Compress -Depth 3 -InputObject @{
  own = [Security.Principal.WindowsIdentity]::GetCurrent().User.Value
  connections = @($before | Where-Object { $after -contains $_ } | ForEach-Object {
    $field = $_ -split ' '
    @{ local = $field[0]; localPort = [int]$field[1]; remote = $field[2]; remotePort = [int]$field[3]
       process = [int]$field[4]; user = $owners[$field[4]] }
  })
}
`;

export class NetTcpConnection implements ConnectionTable {
  readonly #run: RunPowerShell;
  readonly #pid: number;
  #own: Promise<string> | undefined;

  /** For tests. */
  constructor(runScript: RunPowerShell = runPowerShell, pid = process.pid) {
    this.#run = runScript;
    this.#pid = pid;
  }

  ownUser(): Promise<string> {
    return (this.#own ??= this.#read([]).then(({ own }) => own));
  }

  async find(connections: readonly TcpConnection[]): Promise<ReadonlyMap<TcpConnection, Finding>> {
    const { own, sockets } = await this.#read(connections);
    this.#own ??= Promise.resolve(own);
    return new Map(connections.map((each) => [each, findOwner(each, sockets, this.#pid)]));
  }

  async #read(connections: readonly TcpConnection[]): Promise<Listing> {
    const ports = new Set(connections.flatMap(({ local, remote }) => [local.port, remote.port]));
    return readListing(await this.#run(SCRIPT, { DEBUG_SERVER_PORTS: [0, ...ports].join(",") }));
  }
}

interface Listing {
  readonly own: string;
  readonly sockets: readonly OpenSocket[];
}

/** Throws an AppError if it is something else than the script prints. */
function readListing(output: string): Listing {
  let value: unknown;
  try {
    // A byte order mark is white space to `trim`.
    value = JSON.parse(output.trim());
  } catch (cause) {
    throw new AppError("notAvailable", "PowerShell's list of connections cannot be read.", { cause });
  }
  const { own, connections } = (value ?? {}) as Record<string, unknown>;
  if (typeof own !== "string" || !/^S-1-[\d-]+$/.test(own))
    throw new AppError("notAvailable", "PowerShell does not tell which user this is.");
  const sockets = [connections ?? []].flat().flatMap((each: unknown) => {
    const { local, localPort, remote, remotePort, process, user } = (each ?? {}) as Record<string, unknown>;
    if (typeof local !== "string" || typeof remote !== "string" || typeof process !== "number") return [];
    const ends = endsOf(
      { address: local, port: asNumber(localPort) },
      { address: remote, port: asNumber(remotePort) },
    );
    return [{ process, user: typeof user === "string" ? user : "", ends }];
  });
  return { own, sockets };
}
