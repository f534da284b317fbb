import { describePeer, quoted } from "../joinQuestions.ts";
import type { PendingClient } from "../joinRequests.ts";
import type { Row } from "./row.ts";
import { spokenParts } from "./labels.ts";

/** A client that waits to be let in. The commands on the row answer. */
export function pendingRow(pending: PendingClient): Row {
  const { id, request, session } = pending;
  const label = quoted(request.name);
  const peer = describePeer(request);
  return {
    pending,
    presentation: {
      id: `pending/${id}`,
      label,
      description: `wants to join · ${peer}`,
      icon: { name: "person-add", color: "list.warningForeground" },
      tooltip: {
        title: label,
        facts: [
          ["Wants to join", session.name],
          ["From", peer],
        ],
      },
      spoken: spokenParts(label, "wants to join", peer),
      context: request.most === "view" ? "pendingView" : "pending",
    },
    children: [],
  };
}
