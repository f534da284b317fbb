import type { Target } from "./harness/fuzz.ts";
import { codec } from "./targets/codec.ts";
import { dapMessages } from "./targets/dapMessages.ts";
import { deflate } from "./targets/deflate.ts";
import { frames } from "./targets/frames.ts";
import { guest } from "./targets/guest.ts";
import { guestLink } from "./targets/guestLink.ts";
import { hostLink } from "./targets/hostLink.ts";
import { hubAdapter } from "./targets/hubAdapter.ts";
import { hubClient } from "./targets/hubClient.ts";
import { linkMessages } from "./targets/linkMessages.ts";
import { passwordOfGuest, passwordOfHost } from "./targets/passwordExchange.ts";
import { passwordLines } from "./targets/passwordLines.ts";
import { datalink, serialFrames } from "./targets/serial.ts";
import { sourceNames } from "./targets/sourceNames.ts";
import { strings } from "./targets/strings.ts";

/** What reads bytes of a peer's, or text of strangers: add a target for each new reader. */
export const READERS: readonly Target[] = [
  codec,
  dapMessages,
  frames,
  deflate,
  linkMessages,
  strings,
  sourceNames,
  serialFrames,
  datalink,
  passwordLines,
  passwordOfGuest,
  passwordOfHost,
];

/** What a peer talks to, with all that it remembers of what was said. */
export const ENDS: readonly Target[] = [
  hostLink,
  guestLink,
  hubClient("view", 20_000),
  hubClient("control", 20_000),
  hubAdapter,
  guest,
];
