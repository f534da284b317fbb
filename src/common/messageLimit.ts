import type { Access } from "./access.ts";
import { AppError } from "./errors.ts";
import { LIMITS } from "./limits.ts";

/** How large one message of a peer may be, and what to do about one that is larger. */
export interface MessageLimit {
  readonly bytes: number;
  readonly hint?: string;
}

/** Of the adapter, of an editor on this machine that is the host's own, and of a host to its guests. */
export const TRUSTED_LIMIT: MessageLimit = { bytes: LIMITS.messageBytes };

export const LIMIT_BEFORE_ADMISSION: MessageLimit = { bytes: LIMITS.messageBytesBeforeAdmission };

const GUEST_LIMITS: Readonly<Record<Access, MessageLimit>> = {
  view: {
    bytes: LIMITS.messageBytesOfViewer,
    hint: 'Send less at a time, or ask the host for the right "control".',
  },
  control: { bytes: LIMITS.messageBytesOfGuest, hint: "Send less at a time." },
  full: { bytes: LIMITS.messageBytesOfGuest, hint: "Send less at a time." },
};

/** Of a guest with that right. */
export function guestMessageLimit(access: Access): MessageLimit {
  return GUEST_LIMITS[access];
}

export function messageTooLarge(bytes: number, { bytes: most, hint }: MessageLimit): AppError {
  return new AppError(
    "tooLarge",
    `A message of ${bytes} bytes is larger than the ${most} bytes that are allowed here.`,
    hint === undefined ? {} : { hint },
  );
}
