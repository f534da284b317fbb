import { isIPv4, isIPv6 } from "node:net";
import { failureAt, success } from "./result.ts";
import type { ParseFailure, ParseResult, Token } from "./result.ts";

/** The longest host name in text (RFC 1035, section 2.3.4, without the length bytes). */
const LONGEST_NAME = 253;
const LONGEST_LABEL = 63;

/** Letters of any script, since resolvers take international names; the underscore, since Windows' names have it. */
const LABEL = /^[\p{L}\p{M}\p{N}_](?:[\p{L}\p{M}\p{N}_-]*[\p{L}\p{M}\p{N}_])?$/u;

/** What a network interface may be called in a scoped address (RFC 4007): `eth0`, `br-lan.5`, `3`. */
const ZONE = /^[\w.~-]+$/;

/**
 * A host: a name, an IPv4 address, or an IPv6 address with or without brackets and scope. The value has neither
 * brackets nor the backslashes that WinDbg's users may put in front.
 */
export function parseHost(token: Token): ParseResult<string> {
  const leading = /^\\*/.exec(token.text)?.[0].length ?? 0;
  const host: Token = { text: token.text.slice(leading), start: token.start + leading };
  const { text } = host;
  if (text === "") return failureAt(token, "The host's name is missing after the backslashes.");
  if (text.startsWith("[") && text.endsWith("]")) {
    const inner = text.slice(1, -1);
    if (isScopedIPv6(inner)) return success(inner);
    return failureAt(host, "This is not an IPv6 address.", "Brackets can hold an IPv6 address only.");
  }
  if (isIPv4(text) || isScopedIPv6(text)) return success(text);
  if (/^[\d.]+$/.test(text)) return failureAt(host, "This is not a valid IPv4 address.");
  return portInHost(host) ?? parseName(host);
}

function isScopedIPv6(text: string): boolean {
  const percent = text.indexOf("%");
  if (percent < 0) return isIPv6(text);
  return isIPv6(text.slice(0, percent)) && ZONE.test(text.slice(percent + 1));
}

/** `HOST:5005` is what nearly every other program takes. */
function portInHost(host: Token): ParseFailure | undefined {
  const found = /^(?:\[[^\]]*\]|[^:]*)(:\d*)$/.exec(host.text)?.[1];
  if (found === undefined) return undefined;
  const hint = `Write the port as a key of its own: port=${found.slice(1) || "5005"}.`;
  return failureAt(host, "A host is given without a port.", hint, host.text.length - found.length);
}

function parseName(host: Token): ParseResult<string> {
  const { text } = host;
  if (text.includes(":")) {
    return failureAt(host, "This is neither a host's name nor an IPv6 address.");
  }
  if (text.length > LONGEST_NAME) {
    return failureAt(host, `A host's name has at most ${LONGEST_NAME} characters.`);
  }
  const labels = (text.endsWith(".") ? text.slice(0, -1) : text).split(".");
  let offset = 0;
  for (const label of labels) {
    if (label.length > LONGEST_LABEL || !LABEL.test(label)) {
      // An empty label has no characters of its own: then the dot beside it is what is wrong.
      const from = label === "" ? Math.min(offset, text.length - 1) : offset;
      return failureAt(
        host,
        "This is not a host's name.",
        "Write a name such as build-7.example.org, or an IP address.",
        from,
        label === "" ? from + 1 : offset + label.length,
      );
    }
    offset += label.length + 1;
  }
  return success(text);
}
