import { type Outcome, encodeJson, isObject, messageText, parseObject } from "../dap/messages.ts";

/**
 * A refusal of a host's as its guests' editors get it: why, as text, and nothing that an editor would open, run or send at
 * the host's wish (`url`, `sendTelemetry`). Whether the guest's user must see it is not the host's to say, either: an editor
 * shows by itself that a session could not be joined.
 */
export function hostFailure({ message, body }: Outcome): Outcome {
  const { error } = parseObject(body);
  const format = messageText(error);
  if (!isObject(error) || format === undefined) return { success: false, message };
  const id = Number.isSafeInteger(error.id) ? error.id : 0;
  return { success: false, message, body: encodeJson({ error: { id, format } }) };
}
