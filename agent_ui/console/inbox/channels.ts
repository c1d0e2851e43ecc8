import { globe, mail, messageCircle, messageSquare, phone, send } from "../parts/shapes";

const SHAPES: Record<string, string> = { webchat: globe, email: mail, sms: messageSquare, telegram: send, telephony: phone };
const NAMES: Record<string, string> = { webchat: "Web chat", email: "E-mail", sms: "SMS", telegram: "Telegram" };

/** The picture of a channel; a general one for kinds the console does not know. */
export function shapeOf(channel: string): string {
  return SHAPES[channel] ?? messageCircle;
}

/** The proper name of a channel. */
export function nameOf(channel: string): string {
  return NAMES[channel] ?? channel;
}
