import { globe, mail, messageCircle, messageCircleMore, messageSquare, messagesSquare, phone, send, smartphone } from "../parts/shapes";

const SHAPES: Record<string, string> = { webchat: globe, email: mail, sms: messageSquare, telegram: send, whatsapp: messageCircleMore, viber: messagesSquare, gateway: smartphone, telephony: phone, voice: phone, asterisk: phone };
const NAMES: Record<string, string> = { webchat: "Web chat", email: "E-mail", sms: "SMS", telegram: "Telegram", whatsapp: "WhatsApp", viber: "Viber", gateway: "SMS", voice: "Twilio", asterisk: "Asterisk" };

/** The picture of a channel; a general one for kinds the console does not know. */
export function shapeOf(channel: string): string {
  return SHAPES[channel] ?? messageCircle;
}

/** The proper name of a channel. */
export function nameOf(channel: string): string {
  return NAMES[channel] ?? channel;
}
