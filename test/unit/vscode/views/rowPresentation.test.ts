import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { GuestInfo } from "../../../../src/host/sessionHost.ts";
import type { Participant } from "../../../../src/hub/client.ts";
import type { ClientInfo } from "../../../../src/link/messages.ts";
import { guestPresentation } from "../../../../src/vscode/views/guestRow.ts";
import { clientPresentation, joinPresentation } from "../../../../src/vscode/views/joinedRows.ts";

const NOW = Date.UTC(2026, 10, 25);
const MINUTE = 60_000;

const ANA: Participant = {
  id: 7,
  name: "Ana",
  access: "control",
  address: "tcp 192.0.2.7:53211",
  kind: "guest",
  program: "Test Editor 1",
  joinedAt: NOW - 30 * MINUTE,
  lastActiveAt: NOW - 2 * MINUTE,
  ticket: "secret ticket",
  isHost: false,
  isAway: false,
};

function info(participant: Participant, latencyMs?: number): GuestInfo {
  const { kind, program, joinedAt, lastActiveAt } = participant;
  return { participant, server: 0, kind, program, latencyMs, joinedAt, lastActiveAt };
}

describe("a guest's row", () => {
  test("says who, what they may do, how far away, and when they were active", () => {
    assert.deepEqual(guestPresentation("s", info(ANA, 12.3), NOW), {
      id: "guest/s/7",
      label: "Ana",
      description: "control · 12 ms · active 2 min ago",
      icon: { name: "account" },
      tooltip: {
        title: "Ana",
        facts: [
          ["Access", "control (may step, evaluate and set breakpoints)"],
          ["From", "tcp 192.0.2.7:53211"],
          ["With", "Test Editor 1 (guest)"],
          ["Round trip", "12 ms"],
          ["Joined", "30 min ago"],
          ["Last active", "2 min ago"],
        ],
      },
      spoken: "Ana, guest, access control, round trip 12 milliseconds, active 2 minutes ago",
      context: "guest",
    });
  });

  test("over plain DAP, nothing measured", () => {
    const presentation = guestPresentation(
      "s",
      info({ ...ANA, kind: "dap", program: undefined, lastActiveAt: NOW }),
      NOW,
    );
    assert.equal(presentation.description, "control · active now");
    assert.equal(presentation.icon.name, "plug");
    assert.equal(new Map(presentation.tooltip.facts).get("With"), "guest over plain DAP");
    assert.equal(new Map(presentation.tooltip.facts).get("Round trip"), "not measured");
    assert.equal(presentation.spoken, "Ana, guest over plain DAP, access control, active now");
  });

  test("says so while they have no connection", () => {
    const presentation = guestPresentation("s", info({ ...ANA, isAway: true }, 12.3), NOW);
    assert.equal(presentation.description, "control · reconnecting… · active 2 min ago");
    assert.equal(new Map(presentation.tooltip.facts).get("Round trip"), "reconnecting…");
    assert.equal(presentation.spoken, "Ana, guest, access control, reconnecting…, active 2 minutes ago");
  });

  test("shows no icon of the guest's own, and no ticket", () => {
    const presentation = guestPresentation(
      "s",
      info({ ...ANA, name: "$(verified)", program: "$(home)" }),
      NOW,
    );
    assert.doesNotMatch(JSON.stringify(presentation), /\$\(|ticket/);
  });

  test("keeps its id whatever changes", () => {
    const before = guestPresentation("s", info(ANA), NOW);
    const after = guestPresentation("s", info({ ...ANA, name: "Ana 2", access: "view" }, 5), NOW + MINUTE);
    assert.equal(after.id, before.id);
    assert.equal(after.description, "view · 5 ms · active 3 min ago");
  });
});

describe("rows of a join", () => {
  const self: ClientInfo = { id: 3, name: "Ben", kind: "guest", access: "view", joinedAt: NOW - MINUTE };
  const place = {
    id: "1",
    address: "tcp:server=box,port=5005,Password=*",
    access: "view",
    clients: [self],
    session: "Launch shop",
    latencyMs: 31,
    isAway: false,
  } as const;

  test("where we are, and what we may do", () => {
    assert.deepEqual(joinPresentation(place), {
      id: "join/1",
      label: "Launch shop",
      description: "view · 31 ms · tcp:server=box,port=5005,Password=*",
      icon: { name: "debug-alt", color: "debugIcon.startForeground" },
      tooltip: {
        title: "Launch shop",
        facts: [
          ["Server", "tcp:server=box,port=5005,Password=*"],
          ["Your access", "view (may look, but change nothing)"],
          ["Round trip", "31 ms"],
          ["Here", "1 participant"],
        ],
      },
      spoken:
        "Joined Launch shop, your access view, round trip 31 milliseconds, 1 participant, tcp:server=box,port=5005,Password=*",
      context: "join",
    });
    assert.equal(joinPresentation({ ...place, session: "$(zap) x" }).label, "$ (zap) x");
  });

  test("says so while there is no connection, of ourselves and of others", () => {
    const presentation = joinPresentation({ ...place, isAway: true });
    assert.equal(presentation.description, "view · reconnecting… · tcp:server=box,port=5005,Password=*");
    assert.equal(presentation.icon.name, "debug-disconnect");
    assert.match(presentation.spoken, /^Joined Launch shop, your access view, reconnecting…, /);
    const other = clientPresentation("1", { ...self, away: true }, false, NOW);
    assert.equal(other.description, "view · reconnecting…");
    assert.equal(other.spoken, "Ben, guest, access view, reconnecting…");
  });

  test("ourselves", () => {
    assert.deepEqual(clientPresentation("1", self, true, NOW), {
      id: "client/1/3",
      label: "Ben",
      description: "you · view",
      icon: { name: "account" },
      tooltip: {
        title: "Ben",
        facts: [
          ["Takes part as", "guest (you)"],
          ["Access", "view (may look, but change nothing)"],
          ["Joined", "1 min ago"],
        ],
      },
      spoken: "Ben, you, access view",
      context: "client",
    });
  });

  test("the host, and another guest", () => {
    const host = clientPresentation("1", { id: 1, name: "Ana", kind: "host", access: "full" }, false, NOW);
    assert.equal(host.description, "host · full");
    assert.equal(host.icon.name, "home");
    assert.equal(host.spoken, "Ana, host, access full");
    const from = "tcp $(zap)";
    const other = clientPresentation(
      "1",
      { id: 2, name: "emacs", kind: "dap", access: "full", from },
      false,
      NOW,
    );
    assert.equal(other.description, "full");
    assert.equal(other.icon.name, "plug");
    assert.equal(new Map(other.tooltip.facts).get("From"), "tcp $ (zap)");
  });
});
