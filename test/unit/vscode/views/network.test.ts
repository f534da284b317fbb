import assert from "node:assert/strict";
import os from "node:os";
import { describe, test } from "node:test";
import { parseClient } from "../../../../src/address/parse.ts";
import { Emitter, once } from "../../../../src/common/event.ts";
import { nullLogger } from "../../../../src/common/logger.ts";
import type { NetworkServer } from "../../../../src/host/discovery/advert.ts";
import { networkOf } from "../../../../src/vscode/commands/targets.ts";
import { networkRows } from "../../../../src/vscode/views/networkRows.ts";
import { NetworkServers } from "../../../../src/vscode/views/networkServers.ts";

function server(join: string, more: Partial<NetworkServer> = {}): NetworkServer {
  const parsed = parseClient(join);
  if (!parsed.ok) throw new Error(parsed.message);
  return {
    address: parsed.value,
    join,
    session: "Launch shop",
    host: "build7",
    password: true,
    certificate: false,
    ...more,
  };
}

const ON = { isOn: () => true, onSwitched: new Emitter<void>().event };
const SHOP = server("tcp:server=192.0.2.7,port=5005");

describe("servers of the network in the view", () => {
  test("have the host's name and what they ask for, and are joined by their row", () => {
    const [row] = networkRows([SHOP], []);
    assert.deepEqual(row?.presentation, {
      id: "network/tcp:server=192.0.2.7,port=5005",
      label: "Launch shop",
      description: "on build7 · asks for a password",
      icon: { name: "globe" },
      tooltip: {
        title: "Launch shop",
        facts: [
          ["Announced by", "build7"],
          ["Join with", "tcp:server=192.0.2.7,port=5005"],
          ["Asks for", "password"],
        ],
      },
      spoken: "Server of Launch shop on build7, on the local network, asks for a password",
      context: "entry",
    });
    assert.deepEqual(networkOf(row), { address: SHOP.address, name: "Launch shop" });
    for (const other of [undefined, {}, { network: 3 }, { network: { join: "no" } }])
      assert.equal(networkOf(other), undefined);
  });

  test("what this window is a guest of is not joined twice by a slip", () => {
    const [row] = networkRows([SHOP], ["tcp:server=192.0.2.7,port=5005,Password=*"]);
    assert.equal(row?.presentation.context, "entryJoined");
  });

  test("names come from others", () => {
    const [row] = networkRows([server(SHOP.join, { session: "$(zap)", host: "$(x)" })], []);
    assert.equal(row?.presentation.label, "$ (zap)");
    assert.match(row?.presentation.description ?? "", /^on \$ \(x\)/);
  });

  test("are asked for at once when the setting is turned on, and gone when it is turned off", async () => {
    const switched = new Emitter<void>();
    let isOn = false;
    const ask = () => Promise.resolve([SHOP]);
    const network = new NetworkServers({ isOn: () => isOn, onSwitched: switched.event }, nullLogger, ask);
    const watching = network.watch();
    const seen: number[] = [];
    for (isOn of [true, false, true]) {
      const changed = once(network.onChanged);
      switched.fire();
      await changed;
      seen.push(network.servers.length);
    }
    assert.deepEqual(seen, [1, 0, 1]);
    watching.dispose();
    network.dispose();
  });

  test("of two answers the one to the later question counts", async () => {
    const answers: ((servers: NetworkServer[]) => void)[] = [];
    const ask = () => new Promise<NetworkServer[]>((resolve) => answers.push(resolve));
    const network = new NetworkServers(ON, nullLogger, ask);
    const first = network.refresh();
    const second = network.refresh();
    answers[1]?.([SHOP]);
    await second;
    answers[0]?.([]);
    await first;
    assert.deepEqual(network.servers, [SHOP]);
    network.dispose();
  });

  test("are asked for only while somebody looks and the setting is on; this machine's own are not among them", async () => {
    const own = Object.values(os.networkInterfaces()).flat()[0]?.address ?? "127.0.0.1";
    let asked = 0;
    let isOn = false;
    const ask = () => {
      asked++;
      return Promise.resolve([server(SHOP.join), server(`tcp:server=${own},port=5005`)]);
    };
    const network = new NetworkServers({ ...ON, isOn: () => isOn }, nullLogger, ask);
    network.watch().dispose();
    assert.equal(asked, 0);
    isOn = true;
    const changed = once(network.onChanged);
    const watching = network.watch();
    await changed;
    assert.deepEqual([asked, network.servers], [1, [SHOP]]);
    watching.dispose();
    network.dispose();
  });
});
